import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import { aboutNotes, captionOf } from './caption.ts'
import type { Block, FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { svgToPdf } from './figure-pdf.ts'
import { drawFigure } from './figures.ts'
import { renderHtml } from './render-html.ts'
import { renderLatexParts } from './render-latex.ts'
import { renderMarkdown } from './render-markdown.ts'
import { gridTable } from './table-grid.ts'
import { rowsTable } from './table-rows.ts'
import { wordsTable } from './table-words.ts'

/**
 * Tables and figures of a recipe, in its order. What a caption says of all runs stands at the first of them; what the
 * recipe says of itself, at the last, unless it is said elsewhere.
 */
export async function recipeBlocks(experiment: Experiment, { about = true } = {}): Promise<Block[]> {
  const { tables, figures } = experiment
  const contents = tables.map((table) =>
    table.kind === 'grid'
      ? gridTable(experiment, table)
      : table.kind === 'rows'
        ? rowsTable(experiment, table)
        : wordsTable(experiment, table),
  )
  const said = new Set(captionOf(experiment))
  const pictures: FigureContent[] = []
  for (const figure of figures) pictures.push(await drawFigure(experiment, figure))
  const blocks: Block[] = [
    ...contents.map(
      (table, i): Block => ({
        kind: 'table',
        table: {
          ...table,
          caption:
            i === 0 ? table.caption : [...table.caption.filter((sentence) => !said.has(sentence)), asAbove],
        },
      }),
    ),
    ...pictures.map(
      (figure, i): Block => ({
        kind: 'figure',
        figure: {
          ...figure,
          caption:
            i === 0 && contents.length === 0 ? [...figure.caption, ...captionOf(experiment)] : figure.caption,
        },
      }),
    ),
  ]
  const last = blocks.at(-1)
  const notes = about ? aboutNotes(experiment) : []
  if (last?.kind === 'table') last.table = { ...last.table, notes: [...last.table.notes, ...notes] }
  if (last?.kind === 'figure') last.figure = { ...last.figure, notes: [...last.figure.notes, ...notes] }
  return blocks
}

const asAbove = 'Runs, corpus and settings: as above.'

/** The files that a write-up consists of. */
export interface WrittenFiles {
  html: string
  markdown: string
  latex: string
  /** Of each figure its SVG and its PDF. */
  figures: string[]
}

/**
 * Writes a recipe's tables and figures into a folder as `<name>.html`, `.md` and `.tex`, and each figure as
 * `<name>-<figure>.svg` and `.pdf`.
 *
 * throws  ResourceError if they cannot be written; ConfigError if the drawing library is not installed
 */
export async function writeRecipe(
  experiment: Experiment,
  folder: string,
  name: string,
): Promise<WrittenFiles> {
  const blocks = await recipeBlocks(experiment)
  const title = experiment.recipe.title ?? experiment.recipe.name
  const figures = await writeFigures(blocks, folder, `${name}-`)
  const files = {
    html: join(folder, `${name}.html`),
    markdown: join(folder, `${name}.md`),
    latex: join(folder, `${name}.tex`),
  }
  write(files.html, renderHtml(title, [{ kind: 'heading', level: 1, text: title }, ...blocks]))
  write(
    files.markdown,
    renderMarkdown(
      [{ kind: 'heading', level: 1, text: title }, ...blocks],
      (figure) => `${name}-${fileName(figure)}.svg`,
    ),
  )
  write(
    files.latex,
    renderLatexParts(blocks, (figure) => `${name}-${fileName(figure)}.pdf`),
  )
  return { ...files, figures }
}

/** Each figure that could be drawn as SVG, and as PDF for LaTeX. */
export async function writeFigures(blocks: readonly Block[], folder: string, prefix = ''): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const written: string[] = []
  for (const block of blocks) {
    if (block.kind !== 'figure' || !block.figure.svg) continue
    const path = join(folder, `${prefix}${fileName(block.figure)}`)
    write(`${path}.svg`, `${block.figure.svg}\n`)
    write(`${path}.pdf`, await svgToPdf(block.figure.svg))
    written.push(`${path}.svg`, `${path}.pdf`)
  }
  return written
}

/** A figure's id, fit for a file's name. */
export function fileName({ id }: Pick<FigureContent, 'id'>): string {
  return basename(id).replace(/[^\w-]+/g, '-')
}

export function write(path: string, content: string | Uint8Array): void {
  writeFileAtomically(path, (append) => append(Buffer.from(content)))
}
