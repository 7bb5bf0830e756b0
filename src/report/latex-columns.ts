import type { Cell, HeadCell, TableContent } from './document.ts'

/** How a table is set in LaTeX, so that it fits its page where it can. */
export interface TableLayout {
  size: Size
  /** Half of the space between two columns, in points. */
  columnSeparation: number
  /** Of each column: `l`, `r`, or `p{…}` where its text must break. */
  columns: string[]
  broken: boolean[]
  /** Too high to stand on one page with its caption. */
  isLong: boolean
}

type Size = 'small' | 'footnotesize' | 'scriptsize'

/** Points: a line of A4 with margins of 22 mm; what a table may fill of a page's 720. */
const [lineWidth, mostHeight] = [472, 450]
/** Computer Modern's em as letters count below, and the distance of lines, in points. */
const sizes = {
  small: { em: 9.25, line: 11 },
  footnotesize: { em: 8.5, line: 9.5 },
  scriptsize: { em: 7.97, line: 8 },
} as const
/** From the most comfortable to the narrowest. */
const settings: [Size, columnSeparation: number][] = [
  ['small', 6],
  ['small', 4],
  ['footnotesize', 4],
  ['footnotesize', 3],
]

/**
 * All columns as wide as their text asks, in the largest type in which they fit a line; if none does, columns of words
 * break. A table that is still too wide is for the caller to scale.
 */
export function layoutOf(table: TableContent): TableLayout {
  for (const [size, separation] of settings) {
    const widths = naturalWidths(table, size)
    if (fullWidth(widths, separation) <= lineWidth) return layout(table, size, separation, widths, widths)
  }
  const [size, separation] = settings.at(-1)!
  const natural = naturalWidths(table, size)
  return layout(table, size, separation, natural, brokenWidths(table, natural, size, separation))
}

function layout(
  { align, rows }: TableContent,
  size: Size,
  columnSeparation: number,
  natural: readonly number[],
  widths: readonly number[],
): TableLayout {
  const broken = widths.map((width, column) => width < natural[column]!)
  const lineCount = rows.reduce((sum, { cells }) => {
    const lines = cells.map((cell, i) =>
      broken[i] ? Math.ceil((1.1 * cellWidth(cell, size)) / widths[i]!) : 1,
    )
    return sum + Math.max(1, ...lines)
  }, 0)
  return {
    size,
    columnSeparation,
    broken,
    columns: align.map((side, i) =>
      broken[i]
        ? `>{\\raggedright\\arraybackslash}p{${(widths[i]! / lineWidth).toFixed(3)}\\linewidth}`
        : side === 'right'
          ? 'r'
          : 'l',
    ),
    isLong: lineCount * sizes[size].line > mostHeight,
  }
}

function fullWidth(widths: readonly number[], separation: number): number {
  return widths.reduce((sum, width) => sum + width, 2 * separation * (widths.length - 1))
}

/** In points. What a head that spans columns needs beyond them goes to its last, as LaTeX does it. */
function naturalWidths({ align, head, rows }: TableContent, size: Size): number[] {
  const widths = align.map((_, column) =>
    Math.max(0, ...rows.map(({ cells }) => (cells[column] ? cellWidth(cells[column], size) : 0))),
  )
  for (const row of head.toReversed()) {
    let column = 0
    for (const cell of row) {
      const end = column + (cell.span ?? 1)
      const covered = widths.slice(column, end).reduce((sum, width) => sum + width, 0)
      widths[end - 1]! += Math.max(0, headWidth(cell, size) - covered)
      column = end
    }
  }
  return widths
}

/** Those that hold words share what the others leave: short ones have all they ask, the rest by their lengths. */
function brokenWidths(
  { align, rows }: TableContent,
  natural: readonly number[],
  size: Size,
  separation: number,
) {
  const widths = [...natural]
  let breaking = align.flatMap((side, column) => (side === 'left' ? [column] : []))
  const sum = (columns: readonly number[]) => columns.reduce((total, column) => total + natural[column]!, 0)
  let room = lineWidth - fullWidth(natural, separation) + sum(breaking)
  for (;;) {
    const fitting = breaking.filter((column) => natural[column]! <= room / breaking.length)
    if (fitting.length === 0) break
    breaking = breaking.filter((column) => !fitting.includes(column))
    room -= sum(fitting)
  }
  const whole = sum(breaking)
  for (const column of breaking) {
    const words = rows.flatMap(({ cells }) => cells[column]?.text.split(/\s+/) ?? [])
    const longest = Math.max(0, ...words.map((word) => pointsOf(word, size)))
    widths[column] = Math.min(natural[column]!, Math.max((room * natural[column]!) / whole, longest + 4, 50))
  }
  return widths
}

function cellWidth({ text, quiet, marks }: Cell, size: Size): number {
  return (
    pointsOf(text, size) +
    (quiet ? pointsOf(` ${quiet}`, 'scriptsize') : 0) +
    (marks ? pointsOf(marks, 'scriptsize') * 0.9 : 0)
  )
}

function headWidth({ text, quiet }: HeadCell, size: Size): number {
  return Math.max(pointsOf(text, size), quiet ? pointsOf(quiet, 'scriptsize') : 0)
}

function pointsOf(text: string, size: Size): number {
  let ems = 0
  for (const letter of text) ems += widthOf(letter)
  return ems * sizes[size].em
}

/** Of a letter of Computer Modern, in ems. */
function widthOf(letter: string): number {
  if (/[ijl.,:;'’!|[\]]/.test(letter)) return 0.28
  if (/[frst()\s-]/.test(letter)) return 0.39
  if (/[mM%W@…±×−→≈]/.test(letter)) return 0.85
  if (/[A-ZÀ-Þw]/.test(letter)) return 0.72
  return /[bdhknpquvxy]/.test(letter) ? 0.55 : /[\u1100-\uffff]/.test(letter) ? 1 : 0.5
}
