/** Pairs as lists are asked for them. */
export function metadataParam(pairs: Record<string, string> | undefined): string[] | undefined {
  return pairs && Object.entries(pairs).map(([key, value]) => `${key}:${value}`);
}
