// Millrace's loader and torch's in turn, on the same samples.
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { print, tellError } from '../../src/cli/output.ts'
import { writeFileAtomically } from '../../src/core/disk.ts'
import { describeCommit, describeMachine } from '../machine.ts'
import type { Cell } from './job.ts'
import { type LoaderBenchOptions, loaderBenchCommand } from './options.ts'
import { type LoaderReport, summarizeBare, summarizeLoaders } from './report.ts'
import { type Entry, runRounds } from './rounds.ts'
import { formatText } from './table.ts'
import { prepareText } from './text.ts'
import { bareTools, findTorch, millraceTools, torchTools } from './tools.ts'

async function bench(options: LoaderBenchOptions): Promise<LoaderReport> {
  const { rounds, seconds } = options
  const commit = describeCommit()
  const text = await prepareText(options.text, options.work)
  const torch = options.torch ? findTorch() : undefined
  const tools = [...(torch ? torchTools(torch) : []), ...millraceTools()]

  const loaders = cellsOf(options).flatMap((cell) =>
    tools
      .filter((tool) => tool.takesPart(cell))
      .map((tool): Entry => ({ cell, tool, sums: true, jobs: [], outcomes: [] })),
  )
  const cell: Cell = { samples: 'lines', batchSize: 1, workers: 0 }
  const bare = (options.bare && options.samples.includes('lines') ? bareTools() : []).map(
    (tool): Entry => ({ cell, tool, sums: false, jobs: [], outcomes: [] }),
  )
  await runRounds([...loaders, ...bare], { rounds, seconds, text })

  return {
    format: 1,
    date: new Date().toISOString(),
    commit,
    machine: describeMachine(),
    torch: torch?.version ?? null,
    text: { name: text.name, bytes: text.bytes },
    settings: { rounds, seconds },
    loaders: summarizeLoaders(loaders),
    bare: summarizeBare(bare),
  }
}

function cellsOf({ samples, batchSizes, workers }: LoaderBenchOptions): Cell[] {
  return samples.flatMap((samples) =>
    batchSizes.flatMap((batchSize) => workers.map((workers) => ({ samples, batchSize, workers }))),
  )
}

function write(path: string, text: string): void {
  writeFileAtomically(path, (write) => write(Buffer.from(text)))
}

const command = loaderBenchCommand(join(import.meta.dirname, '../work'))
try {
  command.exitOverride().parse()
  const options = command.opts<LoaderBenchOptions>()
  const report = await bench(options)
  print(formatText(report))
  if (options.json) write(options.json, `${JSON.stringify(report, null, 2)}\n`)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = tellError(error, false)
}
