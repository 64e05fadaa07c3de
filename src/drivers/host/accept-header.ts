/** Which of the two texts of metrics a client prefers, by its `Accept`. Pure. */

const OPEN_METRICS = 'application/openmetrics-text';
/** The version that is written; a client that names none takes any. */
const OPEN_METRICS_VERSIONS = ['1.0.0', '1.0'];
const TEXTS = ['text/plain', 'text/*', '*/*'];

/** A client that has no preference gets the older text, which every reader knows. */
export function prefersOpenMetrics(accept = ''): boolean {
  let open = 0;
  let plain = 0;
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = Number(parameterOf('q', parameters) ?? 1);
    const version = parameterOf('version', parameters);
    if (TEXTS.includes(type)) plain = Math.max(plain, weight);
    else if (type !== OPEN_METRICS) continue;
    else if (version === null || OPEN_METRICS_VERSIONS.includes(version)) {
      open = Math.max(open, weight);
    }
  }
  return open > plain;
}

function parameterOf(name: string, parameters: readonly string[]): string | null {
  const found = parameters.find((one) => one.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? null;
}
