import { Command, InvalidArgumentError, Option } from 'commander'
import { type PeerName, peers } from './peers/index.ts'
import { parseRow, type Row, rowHelp, standardRows } from './rows.ts'

export interface BenchOptions {
  corpus?: string
  rows: Row[]
  rounds: number
  epochs: number
  threads: number
  qualityEpochs?: number
  seeds: number
  word2vecC?: string
  peers: PeerName[]
  json?: string
  markdown?: string
  work: string
  source?: boolean
}

/** The command line of the bench. */
export function benchCommand(work: string): Command {
  return new Command('npm run bench --')
    .description(
      'Trains with Millrace and its peers in turn on one file, and tables speed, memory and quality.',
    )
    .option(
      '--corpus <file>',
      'text, plain or .gz, .xz, .bz2, .zst (default: 100 MB of Wikipedia, from MILLRACE_DATA)',
    )
    .addOption(
      new Option('--rows <names>', rowHelp)
        .argParser(rowsOf)
        .default(standardRows.map(parseRow), standardRows.join(',')),
    )
    .option('--rounds <n>', 'how often each tool trains; of 3 and more, the first is dropped', whole, 5)
    .option('--epochs <n>', 'epochs of a round', whole, 1)
    .option('--threads <n>', 'threads of each tool', whole, 2)
    .option(
      '--quality-epochs <n>',
      'epochs of the vectors that are scored (default: --epochs, and 3 at least)',
      whole,
    )
    .option('--seeds <n>', 'trainings that are scored, each with another seed; 0: no scores', wholeOrZero, 1)
    .addOption(
      new Option('--peers <names>', 'a list with commas, or none')
        .argParser(peerNames)
        .default(Object.keys(peers), Object.keys(peers).join(',')),
    )
    .option('--word2vec-c <path>', 'compiled word2vec.c, as one more peer')
    .option('--json <file>', 'write all that was measured as JSON')
    .option('--markdown <file>', 'write the table as Markdown')
    .addOption(
      new Option('--work <folder>', 'where the corpus is unpacked and the tools write').default(
        work,
        'bench/work',
      ),
    )
    .option('--source', 'run Millrace from src/ instead of dist/; it then takes more memory')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help shows what is possible)')
}

function whole(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number of 1 or more.')
}

function wholeOrZero(text: string): number {
  return text === '0' ? 0 : whole(text)
}

function rowsOf(text: string): Row[] {
  return text.split(',').map((name) => {
    const row = parseRow(name)
    if (row) return row
    throw new InvalidArgumentError(`${name} is no row; one is, for example, cbow-300 or hs-deterministic.`)
  })
}

function peerNames(text: string): PeerName[] {
  const names = text === 'none' ? [] : text.split(',')
  for (const name of names)
    if (!(name in peers))
      throw new InvalidArgumentError(`Known are ${Object.keys(peers).join(', ')} and none.`)
  return names as PeerName[]
}
