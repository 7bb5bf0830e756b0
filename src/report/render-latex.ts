import {
  type Block,
  type Cell,
  type FigureContent,
  inlineParts,
  type Note,
  type TableContent,
} from './document.ts'
import { layoutOf } from './latex-columns.ts'
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
    // The text fonts' own bullet may be a bitmap.
    '\\renewcommand{\\labelitemi}{$\\bullet$}',
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

/** A table that fits a page floats; a longer one goes on over pages, and its head with it. */
function tableLatex(table: TableContent): string {
  const { id, title, caption, notes } = table
  const layout = layoutOf(table)
  const label = `\\label{tab:${id.replace(/[^\w-]/g, '-')}}`
  const open = [`{\\${layout.size}`, `\\setlength{\\tabcolsep}{${layout.columnSeparation}pt}`]
  const columns = `{@{}${layout.columns.join('')}@{}}`
  const head = ['\\toprule', ...headLatex(table.head, table.align, layout.broken), '\\midrule']
  const rows = rowsLatex(table)
  if (layout.isLong)
    return [
      ...open,
      '\\setlength{\\LTcapwidth}{\\linewidth}',
      `\\begin{longtable}${columns}`,
      `\\caption[]{${captionLatex(title, caption)}}${label}\\\\`,
      ...head,
      '\\endfirsthead',
      ...head,
      '\\endhead',
      '\\bottomrule',
      '\\endfoot',
      ...rows,
      '\\end{longtable}}',
      ...notesLatex(notes),
    ].join('\n')
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption[]{${captionLatex(title, caption)}}`,
    '\\smallskip',
    label,
    ...open,
    '\\begin{lrbox}{\\tablebox}%',
    `\\begin{tabular}${columns}`,
    ...head,
    ...rows,
    '\\bottomrule',
    '\\end{tabular}%',
    '\\end{lrbox}\\fittable}',
    ...notesLatex(notes),
    '\\end{table}',
  ].join('\n')
}

function rowsLatex({ rows }: TableContent): string[] {
  return rows.map(({ cells, kind, rule }, i) => {
    const [first, ...others] = cells.map((cell) => cellLatex(cell, kind === 'paper'))
    const line = [guarded(first ?? ''), ...others].join(' & ')
    const space = kind === 'paper' && rows[i + 1]?.kind === 'ours' ? '\\addlinespace[3pt]' : ''
    return `${rule ? '\\midrule\n' : ''}${line} \\\\${space}`
  })
}

/** The end of the row before would take a bracket for its option, and a star for itself. */
function guarded(first: string): string {
  return /^\s*[[*]/.test(first) ? `{}${first}` : first
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
          ? start === 0
            ? guarded(text)
            : text
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
