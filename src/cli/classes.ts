import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { writeFileAtomically } from '../core/disk.ts'
import { formatCount } from '../core/text.ts'
import {
  type KeyedVectors,
  orderByClass,
  type VectorFormat,
  vectorFormats,
  wordClasses,
  writeClasses,
} from '../vectors/index.ts'
import { loadVectors, wholeNumber } from './load-vectors.ts'
import { note, print, printJson } from './output.ts'
import { requireOutputFile } from './output-file.ts'
import { LiveLine } from './progress.ts'

interface Options {
  classes: number
  rounds: number
  output?: string
  sort?: boolean
  from?: VectorFormat
  json?: boolean
}

/** `millrace classes`: words in classes, as word2vec.c's `-classes`. */
export function command(): Command {
  return new Command('classes')
    .argument('<vectors>', 'a run folder, or a file of vectors')
    .option('--classes <n>', 'how many to make', wholeNumber('--classes', 'classes'), 500)
    .option('--rounds <n>', 'rounds of k-means', wholeNumber('--rounds', 'rounds'), 10)
    .option('-o, --output <file>', 'the file to write (default: standard output)')
    .option('--sort', 'order the words by class (default: as the vectors are)')
    .addOption(
      new Option('--from <format>', 'format of the file (default: by its content)').choices(vectorFormats),
    )
    .option('--json', 'one line of JSON; without -o it holds the words')
    .addHelpText(
      'after',
      `
Each line is a word, a blank and the number of its class, from 0. The same vectors give the same classes.

Examples:
  millrace classes runs/quick -o classes.txt
  millrace classes runs/quick --classes 50 --sort | less`,
    )
    .action(classes)
}

function classes(path: string, options: Options): void {
  const { output, sort, json } = options
  if (output !== undefined) requireOutputFile('CLASSES', path, output)
  const vectors = loadVectors(path, options.from)
  const classOf = sortWords(vectors, options)
  const order = sort ? orderByClass(classOf) : classOf.keys()
  const told = {
    words: vectors.length,
    classes: options.classes,
    empty: options.classes - new Set(classOf).size,
    rounds: options.rounds,
  }
  if (output !== undefined) {
    writeFileAtomically(output, (write) => writeClasses(write, vectors, classOf, order))
    if (json) printJson({ type: 'classes', ...told, file: resolve(output) })
    else print(`${output}: ${sentence(told)}`)
  } else if (json) {
    const members = Array.from(order, (i) => ({ word: vectors.word(i), class: classOf[i] }))
    printJson({ type: 'classes', ...told, members })
  } else {
    // A copy: what is written is gathered in a buffer that is used again.
    writeClasses((bytes) => process.stdout.write(Buffer.from(bytes)), vectors, classOf, order)
    note(sentence(told))
  }
}

/** With a line of progress where it takes more than a second. */
function sortWords(vectors: KeyedVectors, { classes, rounds }: Options): Int32Array {
  const line = new LiveLine()
  const began = performance.now()
  const onProgress = (done: number) => {
    if (performance.now() - began > 1000)
      line.show(`sorting words into classes  ${(100 * done).toFixed(0)} %`)
  }
  try {
    return wordClasses(vectors, { classes, rounds, onProgress })
  } finally {
    line.end()
  }
}

function sentence({ words, classes, empty }: { words: number; classes: number; empty: number }): string {
  const emptyOnes = empty > 0 ? `, ${formatCount(empty)} of them empty` : ''
  return `${formatCount(words)} words in ${formatCount(classes)} classes${emptyOnes}`
}
