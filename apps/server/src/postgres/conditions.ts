/**
 * The conditions of a query that are asked for, and no others. One text for all of them (`$2 is null or …`) has one plan
 * for all of them, and that one reads the whole table.
 */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #texts: string[] = [];

  /** `condition` is given the parameter that stands for the value. Undefined: it is not asked. */
  add(value: unknown, condition: (parameter: string) => string): this {
    if (value !== undefined) this.#texts.push(condition(this.parameter(value)));
    return this;
  }

  parameter(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  /** To stand behind a condition that always holds. */
  get text(): string {
    return this.#texts.map((text) => ` and ${text}`).join('');
  }
}
