import { Command, InvalidArgumentError, Option } from 'commander'
import { type SampleKind, sampleKinds } from './job.ts'

export interface LoaderBenchOptions {
  rounds: number
  seconds: number
  samples: SampleKind[]
  batchSizes: number[]
  workers: number[]
  torch: boolean
  bare: boolean
  text?: string
  json?: string
  work: string
}

/** The command line of the loader's bench. */
export function loaderBenchCommand(work: string): Command {
  return new Command('npm run bench:loader --')
    .description(
      "Reads with Millrace's loader and torch's in turn, and tables speed and memory. Lists are written with commas.",
    )
    .option('--rounds <n>', 'rounds that count', count(1), 5)
    .option('--seconds <s>', 'how long each is to read in a round', seconds, 1.5)
    .addOption(
      new Option('--samples <kinds>', 'what is read')
        .argParser(kinds)
        .default([...sampleKinds], sampleKinds.join(',')),
    )
    .addOption(
      new Option('--batch-sizes <list>', 'samples in a batch')
        .argParser(list(count(1)))
        .default([64, 1024], '64,1024'),
    )
    .addOption(
      new Option('--workers <list>', 'threads of Millrace, processes of torch')
        .argParser(list(count(0)))
        .default([0, 2], '0,2'),
    )
    .option('--no-torch', 'leave torch out')
    .option('--no-bare', 'leave the plain reading of the file out')
    .option(
      '--text <file>',
      'lines, plain or .xz (default: novels from MILLRACE_DATA, else the sample corpus)',
    )
    .option('--json <file>', 'write all that was measured as JSON')
    .addOption(new Option('--work <folder>', 'where the text is unpacked').default(work, 'bench/work'))
    .allowExcessArguments(false)
    .showHelpAfterError('(--help shows what is possible)')
}

function count(least: number) {
  return (text: string): number => {
    if (/^\d+$/.test(text) && Number(text) >= least) return Number(text)
    throw new InvalidArgumentError(`It must be a whole number of ${least} or more.`)
  }
}

function list(one: (text: string) => number) {
  return (text: string): number[] => text.split(',').map(one)
}

function seconds(text: string): number {
  if (Number(text) > 0 && Number(text) < 1000) return Number(text)
  throw new InvalidArgumentError('It must be a number above 0.')
}

function kinds(text: string): SampleKind[] {
  const names = text.split(',') as SampleKind[]
  if (names.every((name) => sampleKinds.includes(name))) return names
  throw new InvalidArgumentError(`Known are ${sampleKinds.join(' and ')}.`)
}
