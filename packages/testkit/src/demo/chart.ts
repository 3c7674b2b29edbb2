// A line chart in braille characters, two dots wide and four high each: the equity index over its
// hours.

const DOTS_WIDE = 2;
const DOTS_HIGH = 4;
const BRAILLE = 0x2800;
/** The bit of each dot in a braille character, by column and by row from the top (Unicode 2800). */
const DOT_BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** `values` squeezed into `columns` x `rows` characters, with the scale at the left. */
export function lineChart(values: readonly number[], columns: number, rows: number): string {
  const width = columns * DOTS_WIDE;
  const height = rows * DOTS_HIGH;
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const levels = Array.from({ length: width }, (_, x) => {
    const value = values[Math.round((x * (values.length - 1)) / (width - 1))] ?? low;
    return span === 0 ? 0 : Math.round(((value - low) / span) * (height - 1));
  });
  const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0));
  for (const [x, level] of levels.entries()) {
    const before = levels[x - 1] ?? level;
    const [from, to] = before < level ? [before + 1, level] : [level, Math.max(level, before - 1)];
    for (let y = from; y <= to; y += 1) addDot(cells, x, height - 1 - y);
  }
  const labels = cells.map((_, row) => (low + ((rows - 0.5 - row) / rows) * span).toFixed(2));
  const labelWidth = Math.max(...labels.map((label) => label.length));
  return cells
    .map((line, row) => {
      const dots = line.map((bits) => String.fromCodePoint(BRAILLE + bits)).join('');
      return `${(labels[row] ?? '').padStart(labelWidth)} ┤${dots}`;
    })
    .join('\n');
}

/** `x` in dots from the left, `y` in dots from the top. */
function addDot(cells: readonly number[][], x: number, y: number): void {
  const line = cells[Math.floor(y / DOTS_HIGH)];
  const column = Math.floor(x / DOTS_WIDE);
  const bit = DOT_BITS[x % DOTS_WIDE === 0 ? 0 : 1][y % DOTS_HIGH];
  if (line !== undefined && bit !== undefined) line[column] = (line[column] ?? 0) | bit;
}
