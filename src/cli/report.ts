import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { parse } from 'yaml'
import { z } from 'zod'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { standalone, type WordGroups, wordsPicture, writeReport } from '../report/index.ts'
import { RunFolder } from '../run/index.ts'
import { KeyedVectors } from '../vectors/index.ts'
import { note, print, printJson } from './output.ts'

interface Options {
  output?: string
  words?: string[]
  groups?: string
  svg?: string
  json?: boolean
}

/** `millrace report`: a run's report as one HTML file. */
export function command(): Command {
  return new Command('report')
    .argument('<run>', 'the run folder')
    .option('-o, --output <file>', 'where to write (default: report.html in the run folder)')
    .option('--words <words...>', 'words whose neighbours to show (default: a few telling ones)')
    .option('--groups <file>', 'YAML of the words to draw, by group (default: well-known words)')
    .option('--svg <file>', 'write the picture of the words alone as well')
    .option('--json', 'one line of JSON instead of the path')
    .action(report)
}

function report(run: string, { output, words, groups: groupsPath, svg, json }: Options): void {
  const folder = new RunFolder(run)
  const groups = groupsPath === undefined ? undefined : readGroups(groupsPath)
  const path = writeReport(folder, {
    ...(output === undefined ? {} : { path: resolve(output) }),
    ...(words ? { words } : {}),
    ...(groups ? { groups } : {}),
  })
  if (svg !== undefined) writePicture(folder, resolve(svg), groups)
  if (json) printJson({ type: 'report', report: path, ...(svg === undefined ? {} : { svg: resolve(svg) }) })
  else print(path)
}

function writePicture(folder: RunFolder, path: string, groups: WordGroups | undefined): void {
  const drawn = wordsPicture(KeyedVectors.load(folder.path), groups ? { groups } : {})
  if (drawn) writeFileAtomically(path, (write) => write(Buffer.from(standalone(drawn))))
  else note('fewer than three of the words to draw are in the vocabulary: no picture was written')
}

/** throws  InputError if the file is not there, or does not map names to lists of words */
function readGroups(path: string): WordGroups {
  try {
    return z.record(z.string(), z.array(z.string())).parse(parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new InputError('GROUPS', {
      what: `${path} holds no groups of words`,
      why:
        (cause as NodeJS.ErrnoException).code === 'ENOENT'
          ? 'it is not there'
          : 'it is not YAML of that form',
      mend: 'write lines such as `months: [january, february]`',
      cause,
    })
  }
}
