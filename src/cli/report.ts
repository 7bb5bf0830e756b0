import { statSync } from 'node:fs'
import { basename, extname, join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { writeFileAtomically } from '../core/disk.ts'
import { ConfigError } from '../core/errors.ts'
import { type Recipe, readRecipe } from '../experiment/index.ts'
import {
  type Experiment,
  findExperiment,
  isExperimentFolder,
  readExperiment,
  standalone,
  type WordGroups,
  wordsPicture,
  writePaper,
  writeRecipe,
  writeReport,
} from '../report/index.ts'
import { RunFolder } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { note, print, printJson } from './output.ts'

interface Options {
  output?: string
  paper?: boolean
  experiments: string
  runs: string
  scale?: string
  version?: string
  words?: string[]
  svg?: string
  json?: boolean
}

/** `millrace report`: a run as one page, a recipe's tables and figures, or the whole write-up. */
export function command(): Command {
  return new Command('report')
    .argument('[run or recipe]', 'a run folder, or a recipe (.yaml) and thereby its newest runs')
    .option(
      '-o, --output <path>',
      'where to write: a file for a run (default: report.html in its folder), a folder for tables (default: report) or for --paper (default: paper)',
    )
    .option('--paper', 'all recipes as one document: HTML, Markdown, LaTeX and PDF')
    .option('--experiments <dir>', 'of --paper: where its recipes lie', 'experiments')
    .option('--runs <dir>', 'where the runs of recipes lie', 'runs')
    .option('--scale <name>', 'of recipes (default: the first of paper, wiki100 and tiny that was run)')
    .option('--version <n>', 'of a recipe’s runs (default: the newest at the scale)')
    .option('--words <words...>', 'of a run: words whose neighbours to show (default: a few telling ones)')
    .option('--svg <file>', 'of a run: write the picture of its words alone as well')
    .option('--json', 'one line of JSON instead of the paths')
    .addHelpText(
      'after',
      `
Works on runs that are at work, stopped or dead as well: it shows what there is, and says what is missing and why.

Examples:
  millrace report runs/mine
  millrace report runs/mine --words king queen -o mine.html
  millrace report experiments/quick.yaml --svg words.svg
  millrace report experiments/paper1/table2.yaml -o tables
  millrace report experiments/paper1/table2.yaml --scale wiki100 --version 2 --json
  millrace report --paper -o paper`,
    )
    .action(report)
}

async function report(target: string | undefined, options: Options): Promise<void> {
  if (options.paper) {
    requireUnused(options, ['version', 'words', 'svg'], '--paper')
    return await reportPaper(target, options)
  }
  if (target === undefined)
    throw new ConfigError('REPORT_TARGET', {
      what: 'there is nothing to report on',
      why: 'neither a run nor a recipe was named',
      mend: 'name one, such as runs/mine, or use --paper for all recipes',
    })
  if (/\.ya?ml$/.test(target)) {
    const recipe = readRecipe(target)
    if (recipe.tables.length + recipe.figures.length === 0)
      return reportRun(onlyRunOf(recipe, options), options, recipe)
    requireUnused(options, ['words', 'svg'], 'a recipe with tables')
    const { runs, scale, version } = options
    const experiment = findExperiment(recipe, {
      runs,
      ...(scale !== undefined && { scale }),
      ...(version !== undefined && { version: versionNumber(version) }),
    })
    return await reportTables(experiment, basename(target, extname(target)), options)
  }
  requireUnused(options, ['scale', 'version'], 'a folder of runs')
  const folder = new RunFolder(target)
  if (!folder.exists() && isExperimentFolder(target))
    return await reportTables(readExperiment(target), basename(resolve(target)), options)
  reportRun(folder, options)
}

/** An option that would do nothing is a mistake. */
function requireUnused(options: Options, names: (keyof Options)[], of: string): void {
  const given = names.find((name) => options[name] !== undefined)
  if (given === undefined) return
  throw new ConfigError('OPTION_UNUSED', {
    what: `--${given} does nothing here`,
    why: `this is a report of ${of}`,
    mend: `leave --${given} out`,
  })
}

/** Where several files are to be written. */
function folderFor(output: string): string {
  const path = resolve(output)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true) return path
  throw new ConfigError('REPORT_FOLDER', {
    what: `${output} is a file`,
    why: 'tables and figures are several files, for which -o names a folder',
    mend: 'name a folder, such as -o tables',
  })
}

function reportRun(folder: RunFolder, { output, words, svg, json }: Options, recipe?: Recipe): void {
  const shown = words ?? recipe?.report.words
  const groups = recipe?.report.groups
  const path = writeReport(folder, {
    ...(output !== undefined && { path: resolve(output) }),
    ...(shown && { words: shown }),
    ...(groups && { groups }),
  })
  if (svg !== undefined) writePicture(folder, resolve(svg), groups)
  if (json) printJson({ type: 'report', report: path, ...(svg !== undefined && { svg: resolve(svg) }) })
  else print(relative('.', path))
}

/** The run of a recipe without tables: of the version that is asked for, or of the newest. */
function onlyRunOf(recipe: Recipe, { runs, scale, version }: Options): RunFolder {
  const { runs: found } = findExperiment(recipe, {
    runs,
    ...(scale !== undefined && { scale }),
    ...(version !== undefined && { version: versionNumber(version) }),
  })
  return found.find(({ folder }) => folder !== null)?.folder ?? new RunFolder(join(runs, recipe.name))
}

async function reportTables(
  experiment: Experiment,
  name: string,
  { output = 'report', json }: Options,
): Promise<void> {
  const files = await writeRecipe(experiment, folderFor(output), name)
  const missing = experiment.runs.filter(({ missing }) => missing !== null).length
  if (json)
    return printJson({
      type: 'report',
      scale: experiment.scale,
      version: experiment.version,
      runs: experiment.runs.length,
      missing,
      ...files,
    })
  if (missing > 0) note(`${missing} of ${experiment.runs.length} runs are missing: the tables say why`)
  for (const path of [files.html, files.markdown, files.latex, ...files.figures]) print(relative('.', path))
}

async function reportPaper(target: string | undefined, options: Options): Promise<void> {
  if (target !== undefined)
    throw new ConfigError('REPORT_TARGET', {
      what: `--paper is of all recipes, and ${target} was named`,
      mend: 'leave one of them out; --experiments names the folder of the recipes',
    })
  const { output = 'paper', experiments, runs, scale, json } = options
  const written = await writePaper(
    folderFor(output),
    { experiments, runs, ...(scale !== undefined && { scale }) },
    (part) => note(`· ${part}`),
  )
  if (json) return printJson({ type: 'paper', ...written })
  for (const why of written.pdfNotes) note(`PDF: ${why}`)
  const { complete, missing } = written.runs
  note(`${written.recipes} recipes, ${complete} runs complete, ${missing} missing`)
  for (const path of [written.html, written.markdown, written.latex, ...(written.pdf ? [written.pdf] : [])])
    print(relative('.', path))
}

function versionNumber(text: string): number {
  const number = Number(text.replace(/^@/, ''))
  if (Number.isInteger(number) && number >= 1) return number
  throw new ConfigError('VERSION', {
    what: `--version ${text} is no version`,
    mend: 'versions are whole numbers from 1, such as --version 2',
  })
}

function writePicture(folder: RunFolder, path: string, groups: WordGroups | undefined): void {
  const drawn = wordsPicture(KeyedVectors.load(folder.path), groups ? { groups } : {})
  if (drawn) writeFileAtomically(path, (write) => write(Buffer.from(standalone(drawn))))
  else note('fewer than three of the words to draw are in the vocabulary: no picture was written')
}
