import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, InputError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { readRecipe } from '../experiment/index.ts'
import { type Block, paragraphs } from './document.ts'
import { documentPdf } from './document-pdf.ts'
import { type Experiment, findExperiment } from './experiment-runs.ts'
import { closing, opening } from './paper-parts.ts'
import { eachOnce } from './paper-setup.ts'
import { renderHtml } from './render-html.ts'
import { renderLatex } from './render-latex.ts'
import { renderMarkdown } from './render-markdown.ts'
import { trendsOf } from './trends.ts'
import { fileName, recipeBlocks, type WrittenFiles, write, writeFigures } from './write-up.ts'

export interface PaperOptions {
  /** The folder of the recipes: each YAML file in a folder below it is a part. */
  experiments: string
  /** Where runs lie. */
  runs?: string
  /** By default, of each recipe, the first of paper, wiki100 and tiny that was run. */
  scale?: string
}

/** A part of the write-up: a recipe, and what its runs left behind. */
export interface Part {
  /** Of the recipe's file, without folders and extension, such as `paper1-table2`. */
  name: string
  experiment: Experiment
}

export interface WrittenPaper extends WrittenFiles {
  /** Null if no program was there to make it, or none could: `pdfNotes` say why. */
  pdf: string | null
  pdfNotes: string[]
  /** Recipes that are in it, and their runs; one that several share counts once. */
  recipes: number
  runs: { complete: number; missing: number }
}

/** Title of the whole. */
const title = 'The two Word2Vec papers, run again'

/**
 * Writes all recipes' tables and figures, and what they show, as one document: `paper.html`, `paper.md`, `paper.tex`
 * with `figures/`, and `paper.pdf` where LaTeX or Chromium is there. Equal runs give equal files.
 *
 * throws  InputError if there are no recipes; ConfigError naming what is wrong in one
 */
export async function writePaper(
  folder: string,
  options: PaperOptions,
  onPart: (name: string) => void = () => {},
): Promise<WrittenPaper> {
  const parts = readParts(options)
  const blocks = await paperBlocks(parts, onPart)
  const figures = await writeFigures(blocks, join(folder, 'figures'))
  const files = {
    html: join(folder, 'paper.html'),
    markdown: join(folder, 'paper.md'),
    latex: join(folder, 'paper.tex'),
  }
  const whole: Block[] = [{ kind: 'heading', level: 1, text: title }, ...blocks]
  write(files.html, renderHtml(title, whole))
  write(
    files.markdown,
    renderMarkdown(whole, (figure) => `figures/${fileName(figure)}.svg`),
  )
  write(
    files.latex,
    renderLatex(title, blocks, (figure) => `figures/${fileName(figure)}.pdf`),
  )
  onPart('PDF')
  const { pdf, notes } = await documentPdf(folder, 'paper')
  if (pdf) write(join(folder, 'paper.pdf'), pdf)
  const runs = parts.flatMap(({ experiment }) => experiment.runs)
  const complete = eachOnce(runs).length
  return {
    ...files,
    figures,
    pdf: pdf ? join(folder, 'paper.pdf') : null,
    pdfNotes: notes,
    recipes: parts.length,
    runs: { complete, missing: runs.filter(({ missing }) => missing !== null).length },
  }
}

function readParts({ experiments, runs, scale }: PaperOptions): Part[] {
  const files = existsSync(experiments) ? globSync('*/*.{yaml,yml}', { cwd: experiments }) : []
  const natural = new Intl.Collator('en', { numeric: true })
  const parts = files.sort(natural.compare).flatMap((file): Part[] => {
    const recipe = readRecipe(join(experiments, file))
    if (recipe.tables.length + recipe.figures.length === 0) return []
    // A recipe that has not the scale that is asked for is shown as it is.
    const known = scale !== undefined && recipe.scales?.[scale] !== undefined
    const experiment = findExperiment(recipe, {
      ...(runs !== undefined && { runs }),
      ...(known && { scale }),
    })
    return [{ name: file.replace(/\.ya?ml$/, '').replaceAll(/[\\/]/g, '-'), experiment }]
  })
  const scales = [...new Set(parts.flatMap(({ experiment }) => Object.keys(experiment.recipe.scales ?? {})))]
  if (scale !== undefined && parts.length > 0 && !scales.includes(scale)) {
    const nearest = nearestName(scale, scales)
    throw new ConfigError('RECIPE_SCALE', {
      what: `no recipe in ${experiments} has a scale ${scale}`,
      mend: nearest ? `did you mean ${nearest}?` : `there are ${scales.join(', ')}`,
    })
  }
  if (parts.length > 0) return parts
  throw new InputError('NO_RECIPES', {
    what: `there are no recipes with tables or figures in the folders of ${experiments}`,
    mend: 'name the folder that holds paper1/ and paper2/: --experiments DIR',
  })
}

async function paperBlocks(parts: readonly Part[], onPart: (name: string) => void): Promise<Block[]> {
  const blocks = opening(parts)
  for (const part of parts) {
    onPart(part.name)
    blocks.push(...(await partBlocks(part)))
  }
  return [...blocks, ...closing(parts)]
}

async function partBlocks({ name, experiment }: Part): Promise<Block[]> {
  const { recipe, scale } = experiment
  const trends = trendsOf(experiment)
  const drawn = await recipeBlocks(experiment, { about: false })
  return [
    { kind: 'heading', level: 2, text: recipe.title ?? recipe.name, id: name },
    ...paragraphs(recipe.about).map((text): Block => ({ kind: 'text', text })),
    ...paragraphs(scale === null ? undefined : recipe.scales?.[scale]?.about).map(
      (text, i): Block => ({ kind: 'text', text: i === 0 ? `At scale \`${scale}\`: ${text}` : text }),
    ),
    // Two recipes may call their tables alike.
    ...drawn.map((block): Block => {
      if (block.kind === 'table')
        return { ...block, table: { ...block.table, id: `${name}-${block.table.id}` } }
      if (block.kind === 'figure')
        return { ...block, figure: { ...block.figure, id: `${name}-${block.figure.id}` } }
      return block
    }),
    ...(trends.length > 0
      ? ([
          { kind: 'heading', level: 3, text: 'What it shows' },
          { kind: 'list', items: trends },
        ] satisfies Block[])
      : []),
  ]
}
