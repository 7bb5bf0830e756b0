import {
  type Block,
  type Cell,
  type FigureContent,
  inlineParts,
  type Note,
  type TableContent,
} from './document.ts'
import { escapeLatex, latexCommands, latexPreamble } from './latex-text.ts'

/** A whole document for pdfLaTeX, XeLaTeX or LuaLaTeX. Pictures are files beside it. */
export function renderLatex(
  title: string,
  blocks: readonly Block[],
  picture: (figure: FigureContent) => string,
): string {
  return [
    '\\documentclass[10pt,a4paper]{article}',
    latexPreamble,
    '\\usepackage[margin=22mm]{geometry}',
    // Tables stay in their sections.
    '\\IfFileExists{float.sty}{\\usepackage{float}\\floatplacement{table}{H}\\floatplacement{figure}{H}}{}',
    latexCommands,
    // Long words and file names may stand loosely rather than in the margin.
    '\\emergencystretch=3em',
    // Equal documents are equal files.
    '\\ifdefined\\pdftrailerid\\pdftrailerid{}\\fi',
    '\\setlength{\\parindent}{0pt}\\setlength{\\parskip}{0.6em}',
    `\\title{${inline(title)}}\\author{}\\date{}`,
    '\\begin{document}',
    '\\maketitle',
    latexBody(blocks, picture),
    '\\end{document}',
    '',
  ].join('\n')
}

/** Tables and figures for `\input`, with the packages that they need said on top. */
export function renderLatexParts(
  blocks: readonly Block[],
  picture: (figure: FigureContent) => string,
): string {
  const needed = latexPreamble.split('\n').map((line) => `%   ${line}`)
  return [
    '% Needs in the preamble:',
    ...needed,
    '% Pictures are looked for beside this file: \\graphicspath{{folder/}} says where it is.',
    latexCommands,
    latexBody(blocks, picture),
    '',
  ].join('\n')
}

function latexBody(blocks: readonly Block[], picture: (figure: FigureContent) => string): string {
  return blocks.map((block) => blockLatex(block, picture)).join('\n\n')
}

function blockLatex(block: Block, picture: (figure: FigureContent) => string): string {
  switch (block.kind) {
    case 'heading':
      return `\\${['section', 'section', 'subsection'][block.level - 1]}*{${inline(block.text)}}`
    case 'text':
      return inline(block.text)
    case 'list':
      return [
        '\\begin{itemize}',
        ...block.items.map((item) => `  \\item {}${inline(item)}`),
        '\\end{itemize}',
      ].join('\n')
    case 'table':
      return tableLatex(block.table)
    case 'figure':
      return figureLatex(block.figure, picture)
  }
}

/** What a line of small type holds. */
const lineLetters = 105

/** Columns that hold words, not numbers, break their lines; others are as wide as they must be. */
function tableLatex({ id, title, caption, head, align, rows, notes }: TableContent): string {
  const lastHead = head
    .at(-1)!
    .map(({ text, quiet }) => (text.length >= (quiet ?? '').length ? text : quiet!))
  const longest = align.map((_, column) =>
    Math.max(0, ...rows.map(({ cells }) => textOf(cells[column]).length), lastHead[column]!.length),
  )
  const whole = longest.reduce((sum, letters) => sum + letters + 2, 0)
  const broken = align.map(
    (side, column) => side === 'left' && longest[column]! > (whole > lineLetters ? 10 : 24),
  )
  const total = broken.reduce((sum, breaks, column) => sum + (breaks ? longest[column]! : 0), 0)
  const rest = align.reduce((sum, _, column) => sum + (broken[column] ? 0 : longest[column]! + 2), 0)
  const room = Math.max(0.4, 0.94 - rest / 115)
  const columns = align.map((side, column) =>
    broken[column]
      ? `>{\\raggedright\\arraybackslash}p{${((room * longest[column]!) / total).toFixed(3)}\\linewidth}`
      : side === 'right'
        ? 'r'
        : 'l',
  )
  const breaks = broken.some(Boolean)
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption[]{${captionLatex(title, caption)}}`,
    '\\smallskip',
    `\\label{tab:${id.replace(/[^\w-]/g, '-')}}`,
    `{\\${breaks && align.length > 4 ? 'footnotesize' : 'small'}`,
    ...(align.length <= 5 ? [] : ['\\setlength{\\tabcolsep}{4pt}']),
    '\\begin{lrbox}{\\tablebox}%',
    `\\begin{tabular}{@{}${columns.join('')}@{}}`,
    '\\toprule',
    ...headLatex(head, align, broken),
    '\\midrule',
    ...rows.map(({ cells, kind, rule }, i) => {
      const line = cells.map((cell) => cellLatex(cell, kind === 'paper')).join(' & ')
      const space = kind === 'paper' && rows[i + 1]?.kind === 'ours' ? '\\addlinespace[3pt]' : ''
      return `${rule ? '\\midrule\n' : ''}${line} \\\\${space}`
    }),
    '\\bottomrule',
    '\\end{tabular}%',
    '\\end{lrbox}\\fittable}',
    ...notesLatex(notes),
    '\\end{table}',
  ].join('\n')
}

function headLatex(
  head: TableContent['head'],
  align: TableContent['align'],
  broken: readonly boolean[],
): string[] {
  return head.flatMap((row) => {
    const lines: string[] = []
    let column = 0
    const rules: string[] = []
    const put = (text: string, span: number, start: number) =>
      span > 1
        ? `\\multicolumn{${span}}{c}{${text}}`
        : broken[start]
          ? text
          : `\\multicolumn{1}{${start === 0 ? '@{}' : ''}${align[start] === 'right' ? 'r' : 'l'}${start === align.length - 1 ? '@{}' : ''}}{${text}}`
    const cells = row.map(({ text, quiet, span = 1 }) => {
      const start = column
      column += span
      if (span > 1) rules.push(`\\cmidrule(lr){${start + 1}-${start + span}}`)
      return {
        text: escapeLatex(text),
        quiet: quiet ? `\\quiet{\\scriptsize ${escapeLatex(quiet)}}` : '',
        span,
        start,
      }
    })
    lines.push(`${cells.map(({ text, span, start }) => put(text, span, start)).join(' & ')} \\\\`)
    if (cells.some(({ quiet }) => quiet))
      lines.push(`${cells.map(({ quiet, span, start }) => put(quiet, span, start)).join(' & ')} \\\\`)
    return [...lines, ...(rules.length > 0 ? [rules.join('')] : [])]
  })
}

function cellLatex({ text, quiet, marks, kind }: Cell, paperRow: boolean): string {
  const said = escapeLatex(text)
  const shown = said && (kind === 'paper' || paperRow) ? `\\quiet{${said}}` : said
  return [
    shown,
    quiet ? ` \\quiet{\\scriptsize ${escapeLatex(quiet)}}` : '',
    marks ? `\\textsuperscript{${escapeLatex(marks)}}` : '',
  ].join('')
}

function figureLatex(
  { id, title, caption, svg, width, notes }: FigureContent,
  picture: (figure: FigureContent) => string,
): string {
  const figure = { id, title, caption, svg, width, notes }
  return [
    '\\begin{figure}',
    '\\centering',
    svg
      ? `\\includegraphics[width=${width.toFixed(2)}\\linewidth]{${picture(figure)}}`
      : '\\emph{Nothing to draw yet.}',
    `\\caption[]{${captionLatex(title, caption)}}`,
    `\\label{fig:${id.replace(/[^\w-]/g, '-')}}`,
    ...notesLatex(notes),
    '\\end{figure}',
  ].join('\n')
}

function captionLatex(title: string, caption: readonly string[]): string {
  return [`\\textbf{${inline(title.replace(/\.?$/, '.'))}}`, ...caption.map(inline)].join(' ')
}

function notesLatex(notes: readonly Note[]): string[] {
  if (notes.length === 0) return []
  return [
    '\\par\\smallskip',
    '\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright',
    ...notes.map(
      ({ mark, text }) => `${mark ? `\\textsuperscript{${escapeLatex(mark)}}~` : ''}${inline(text)}\\par`,
    ),
    '\\end{minipage}',
  ]
}

function inline(text: string): string {
  return inlineParts(text)
    .map(({ text, code }) =>
      code ? `\\texttt{${escapeLatex(text).replace(/[,/]/g, '$&\\allowbreak{}')}}` : escapeLatex(text),
    )
    .join('')
}

function textOf(cell: Cell | undefined): string {
  return cell ? `${cell.text}${cell.quiet ? ` ${cell.quiet}` : ''}` : ''
}
