import { join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { writeFileAtomically } from '../core/disk.ts'
import { readRecipe } from '../experiment/index.ts'
import { standalone, type WordGroups, wordsPicture, writeReport } from '../report/index.ts'
import { RunFolder } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { note, print, printJson } from './output.ts'

interface Options {
  output?: string
  words?: string[]
  svg?: string
  json?: boolean
}

/** `millrace report`: a run's report as one HTML file. */
export function command(): Command {
  return new Command('report')
    .argument('<run or recipe>', 'the run folder, or the recipe (.yaml) that it was run by')
    .option('-o, --output <file>', 'where to write (default: report.html in the run folder)')
    .option('--words <words...>', 'words whose neighbours to show (default: a few telling ones)')
    .option('--svg <file>', 'write the picture of the words alone as well')
    .option('--json', 'one line of JSON instead of the path')
    .addHelpText(
      'after',
      `
Works on runs that are at work, stopped or dead as well: it shows what there is.

Examples:
  millrace report runs/mine
  millrace report runs/mine --words king queen -o mine.html
  millrace report experiments/quick.yaml --svg words.svg`,
    )
    .action(report)
}

function report(target: string, { output, words, svg, json }: Options): void {
  const fromRecipe = /\.ya?ml$/.test(target)
  const recipe = fromRecipe ? readRecipe(target) : undefined
  const folder = new RunFolder(recipe ? join('runs', recipe.name) : target)
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

function writePicture(folder: RunFolder, path: string, groups: WordGroups | undefined): void {
  const drawn = wordsPicture(KeyedVectors.load(folder.path), groups ? { groups } : {})
  if (drawn) writeFileAtomically(path, (write) => write(Buffer.from(standalone(drawn))))
  else note('fewer than three of the words to draw are in the vocabulary: no picture was written')
}
