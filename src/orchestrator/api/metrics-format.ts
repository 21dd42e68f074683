// In which of two formats somebody would rather have the metrics, by the `Accept` header.

/** OpenMetrics for those who name it and do not prefer text. */
export function metricsFormat(accept: string | undefined): 'text' | 'openMetrics' {
  const open = weightOf('application/openmetrics-text', accept);
  return open > 0 && open >= weightOf('text/plain', accept) ? 'openMetrics' : 'text';
}

/** The greatest that the type is named with; 0 where it is not named. */
function weightOf(type: string, accept = ''): number {
  const weights = accept.split(',').flatMap((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return weight === undefined ? 1 : Number.parseFloat(weight.slice(2)) || 0;
  });
  return Math.max(0, ...weights);
}
