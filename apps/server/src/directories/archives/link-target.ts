/** Whether a link at `names` with this target stays within the directory that the names are relative to. */
export function staysInside(names: string[], target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  let depth = names.length - 1;
  for (const step of target.split('/')) {
    if (step === '..') depth--;
    else if (step !== '' && step !== '.') depth++;
    if (depth < 0) return false;
  }
  return true;
}
