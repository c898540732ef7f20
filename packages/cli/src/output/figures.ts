/** 12345 → 12,345 */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** US dollars; small amounts keep the digits that say something. */
export function dollars(value: number): string {
  return `$${value.toFixed(value !== 0 && value < 0.01 ? 4 : 2)}`;
}

/** Milliseconds, for people. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** How long ago a moment was. */
export function ago(timestamp: string, now: number = Date.now()): string {
  return duration(Math.max(now - Date.parse(timestamp), 0));
}

/** Bytes, for people. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let power = 0;
  while (value >= 1024 ** (power + 1) && power < units.length - 1) power++;
  return power === 0 ? `${value} B` : `${(value / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** A moment in the time of this machine; null: there is none. */
export function moment(timestamp: string | null, none = '–'): string {
  if (timestamp === null) return none;
  const at = new Date(timestamp);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
