import {
  type Block,
  type Cell,
  type FigureContent,
  inlineParts,
  type Note,
  type TableContent,
} from './document.ts'

/** A document as Markdown with tables (GitHub's). Pictures are files beside it. */
export function renderMarkdown(blocks: readonly Block[], picture: (figure: FigureContent) => string): string {
  return `${blocks.map((block) => blockText(block, picture)).join('\n\n')}\n`
}

function blockText(block: Block, picture: (figure: FigureContent) => string): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${inline(block.text)}`
    case 'text':
      return inline(block.text)
    case 'list':
      return block.items.map((item) => `- ${inline(item)}`).join('\n')
    case 'table':
      return tableText(block.table)
    case 'figure':
      return [
        block.figure.svg
          ? `![${inline(block.figure.title)}](${encodeURI(picture(block.figure))})`
          : '*Nothing to draw yet.*',
        captionText(block.figure.title, block.figure.caption),
        ...notesText(block.figure.notes),
      ].join('\n\n')
  }
}

function tableText({ title, caption, head, align, rows, notes }: TableContent): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    captionText(title, caption),
    [
      line(flatHead(head, align.length)),
      line(align.map((side) => (side === 'right' ? '--:' : '---'))),
      ...rows.map(({ cells }) => line(cells.map((cell) => cellText(cell)))),
    ].join('\n'),
    ...notesText(notes),
  ].join('\n\n')
}

/** Markdown has one row of heads: what spans stands before each that it spans. */
function flatHead(head: TableContent['head'], columnCount: number): string[] {
  const columns = Array.from({ length: columnCount }, () => [] as string[])
  for (const row of head) {
    let column = 0
    for (const { text, quiet, span = 1 } of row) {
      const whole = [text, quiet && `(${quiet})`].filter(Boolean).join(' ')
      for (let i = 0; i < span; i++) if (whole) columns[column + i]?.push(escapeMarkdown(whole))
      column += span
    }
  }
  return columns.map((parts) => parts.join(', ') || ' ')
}

function cellText({ text, quiet, marks, kind }: Cell): string {
  const said = escapeMarkdown([text, quiet && `(${quiet})`].filter(Boolean).join(' '))
  const shown = kind === 'paper' && said ? `*${said}*` : said
  return marks ? `${shown} <sup>${marks}</sup>` : shown || ' '
}

function captionText(title: string, caption: readonly string[]): string {
  return [`**${inline(title.replace(/\.?$/, '.'))}**`, ...caption.map(inline)].join(' ')
}

function notesText(notes: readonly Note[]): string[] {
  if (notes.length === 0) return []
  return [notes.map(({ mark, text }) => `- ${mark ? `<sup>${mark}</sup> ` : ''}${inline(text)}`).join('\n')]
}

function inline(text: string): string {
  return inlineParts(text)
    .map(({ text, code }) => (code ? `\`${text}\`` : escapeMarkdown(text)))
    .join('')
}

/** Text that no Markdown reader takes for markup. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_[\]|~^#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\s*\n\s*/g, ' ')
}
