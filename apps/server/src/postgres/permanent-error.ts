// data_exception, integrity_constraint_violation, program_limit_exceeded: about what was sent, not about the server.
const PERMANENT = /^(22|23|54)...$/;

/** The same statement with the same values would fail again: trying it again is no use. */
export function isPermanent(error: unknown): boolean {
  return PERMANENT.test(sqlStateOf(error));
}

/** The SQLSTATE of an error of the database; empty when it is none. */
export function sqlStateOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? '');
}
