/** The write-up before it is HTML, Markdown or LaTeX. All text is plain; what stands between backticks is code. */
export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3; text: string; id?: string }
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'table'; table: TableContent }
  | { kind: 'figure'; figure: FigureContent }

export interface TableContent {
  /** Unique in a document; fit for a file's name. */
  id: string
  title: string
  /** Sentences below the title: source, scale, corpus, settings. */
  caption: string[]
  /** One row, or two: the first of those spans. */
  head: HeadCell[][]
  align: ('left' | 'right')[]
  rows: TableRow[]
  notes: Note[]
}

export interface HeadCell {
  text: string
  /** Below or behind it, in small type. */
  quiet?: string
  span?: number
}

export interface TableRow {
  cells: Cell[]
  /** Rows of the paper's are set apart from ours. */
  kind: 'ours' | 'paper'
  /** The first of those that a line sets apart. */
  rule?: boolean
}

export interface Cell {
  text: string
  quiet?: string
  /** Letters of the notes that belong to it. */
  marks?: string
  /** `paper`: what the paper printed; `missing`: what we have not. */
  kind?: 'paper' | 'missing'
}

export interface Note {
  /** Its letter, if cells refer to it. */
  mark?: string
  text: string
}

export interface FigureContent {
  id: string
  title: string
  caption: string[]
  /** A picture that stands alone: no style sheet, no script. Undefined if there was nothing to draw. */
  svg: string | undefined
  /** Width in print as a part of the text's. */
  width: number
  notes: Note[]
}

/** Gives each reason a letter, the same one each time. */
export class Marks {
  readonly #letters = new Map<string, string>()

  /** Letters of these reasons: `a`, or `a,b`. */
  of(reasons: readonly string[]): string | undefined {
    if (reasons.length === 0) return undefined
    return reasons
      .map((reason) => {
        const letter = this.#letters.get(reason) ?? letterOf(this.#letters.size)
        this.#letters.set(reason, letter)
        return letter
      })
      .join(',')
  }

  notes(): Note[] {
    return Array.from(this.#letters, ([text, mark]) => ({ mark, text }))
  }
}

/** a … z, aa, ab … */
function letterOf(index: number): string {
  const last = String.fromCharCode(97 + (index % 26))
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last
}

/** Plain text as parts: those between backticks are code. */
export function inlineParts(text: string): { text: string; code: boolean }[] {
  return text
    .split(/(`[^`\n]+`)/)
    .filter(Boolean)
    .map((part) =>
      /^`[^`]+`$/.test(part) ? { text: part.slice(1, -1), code: true } : { text: part, code: false },
    )
}

/** Paragraphs of a text: those that a blank line parts. */
export function paragraphs(text: string | undefined): string[] {
  return (text ?? '')
    .split(/\n\s*\n/)
    .map((part) => part.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
}
