/** The workspace that every platform begins with. Its keys alone can hold the platform's scopes. */
export const DEFAULT_WORKSPACE = 'wrkspc_default';
