/** Numbers as people read them: three digits, with a unit. Pure. */

const HOUR_MS = 3_600_000;

/** Such as 0.017, 1,234 or 1.23 M. */
export function count(value: number): string {
  const size = Math.abs(value);
  // What is rare is not nothing.
  if (size > 0 && size < 0.1) return String(Number(value.toPrecision(2)));
  if (size < 10_000) return size < 10 && size % 1 !== 0 ? value.toFixed(1) : grouped(value);
  if (size < 1_000_000) return `${digits(value / 1000)} k`;
  if (size < 1_000_000_000) return `${digits(value / 1_000_000)} M`;
  return `${digits(value / 1_000_000_000)} G`;
}

/** Whole, such as 1,234,567. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** From microseconds; what was not measured is a dash. */
export function duration(us: number | null): string {
  if (us === null || Number.isNaN(us)) return '–';
  const size = Math.abs(us);
  if (size < 1000) return `${digits(us)} µs`;
  if (size < 1_000_000) return `${digits(us / 1000)} ms`;
  return size < 60_000_000 ? `${digits(us / 1_000_000)} s` : `${digits(us / 60_000_000)} min`;
}

/** A length of time in seconds, up to days. */
export function seconds(value: number): string {
  if (value < 60) return duration(value * 1_000_000);
  if (value < 3600) return `${digits(value / 60)} min`;
  return value < 86_400 ? `${digits(value / 3600)} h` : `${digits(value / 86_400)} d`;
}

/** From a share of 1. */
export function percent(share: number): string {
  const hundredths = share * 100;
  return `${hundredths > 0 && hundredths < 9.95 ? hundredths.toFixed(1) : Math.round(hundredths)} %`;
}

/** Without digits that say nothing, for axes: 1 ms, not 1.00 ms. */
export const tick = (text: string): string => text.replace(/\.0+(?= |$)/, '');

/** How long ago, from milliseconds. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
}

/** How long something lasts, from milliseconds: 42.0 s, 3.20 min, 5.2 h, 2.1 d. */
export function lasting(ms: number): string {
  const hours = ms / HOUR_MS;
  const size = Math.abs(hours);
  if (size < 1) return duration(ms * 1000);
  return size < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}

/** One thing, or several. */
export function plural(value: number, one: string, several = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : several}`;
}

function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 99.95
    ? String(Math.round(value))
    : size >= 9.995
      ? value.toFixed(1)
      : value.toFixed(2);
}
