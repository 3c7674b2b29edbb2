// A line chart in characters: the equity index of the record over its hours.

const LEVELS = ['⡀', '⠄', '⠂', '⠁'];
const DOTS_PER_ROW = LEVELS.length;

/** `values` squeezed into `columns` x `rows` characters, with the scale at the left. */
export function lineChart(values: readonly number[], columns: number, rows: number): string {
  const points = Array.from({ length: columns }, (_, column) => {
    const index = Math.round((column * (values.length - 1)) / (columns - 1));
    return values[index] ?? Number.NaN;
  });
  const low = Math.min(...points);
  const high = Math.max(...points);
  const dots = points.map((point) => {
    const share = high === low ? 0.5 : (point - low) / (high - low);
    return Math.round(share * (rows * DOTS_PER_ROW - 1));
  });
  const width = Math.max(high.toFixed(2).length, low.toFixed(2).length);
  return Array.from({ length: rows }, (_, fromTop) => {
    const row = rows - 1 - fromTop;
    const cells = dots.map((dot) => cellOf(dot, row)).join('');
    const value = low + ((row + 0.5) / rows) * (high - low);
    return `${value.toFixed(2).padStart(width)} ┤${cells}`;
  }).join('\n');
}

function cellOf(dot: number, row: number): string {
  const level = dot - row * DOTS_PER_ROW;
  return LEVELS[level] ?? ' ';
}
