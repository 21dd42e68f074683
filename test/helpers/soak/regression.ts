// A straight line through measured points, by least squares. Pure.

export type Point = { readonly x: number; readonly y: number };

/** `error` is the standard error of the slope. Throws for fewer than three points. */
export function regression(points: readonly Point[]): { slope: number; error: number } {
  if (points.length < 3) throw new Error('a line takes three points');
  const mean = (of: (point: Point) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const total = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0);
  const squares = total(({ x }) => (x - meanX) ** 2);
  const slope = total(({ x, y }) => (x - meanX) * (y - meanY)) / squares;
  const residual = total(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, error: Math.sqrt(residual / (points.length - 2) / squares) };
}
