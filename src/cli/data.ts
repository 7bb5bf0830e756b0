import { Command } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { MillraceError, StoppedError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import {
  byHand,
  cacheFolder,
  catalogue,
  checksumText,
  type DataEntry,
  dataFile,
  dataFolder,
  type Fetched,
  fetchData,
  find,
  requireEntry,
} from '../data/index.ts'
import { note, print, printJson, table, tellError } from './output.ts'
import { LiveLine } from './progress.ts'

interface Options {
  json?: boolean
}

/** `millrace data`: corpora and test sets by name. */
export function command(): Command {
  const root = new Command('data')
  root
    .command('list')
    .argument('[names...]', 'these alone, with all that is known of them')
    .description('what has a name, and whether it is on this machine')
    .option('--json', 'one line of JSON')
    .action(list)
  root
    .command('get')
    .argument('<names...>', 'as in `data list`')
    .description('downloads, verifies and unpacks; what was broken off goes on')
    .option('--json', 'end with one line of JSON')
    .action(get)
  root
    .command('path')
    .argument('<name>', 'as in `data list`, or a path')
    .description('where it lies')
    .option('--json', 'one line of JSON')
    .action(path)
  root.command('dir').description('the cache folder').option('--json', 'one line of JSON').action(dir)
  for (const sub of root.commands) sub.exitOverride()
  return root.addHelpText(
    'after',
    `
Data is looked for below MILLRACE_DATA, if that is set, then in the cache: MILLRACE_CACHE, else millrace in the user's
cache folder. Wherever a recipe takes a name, it takes a path. Each of these takes --json. See docs/data.md.

Examples:
  millrace data list
  millrace data list text8
  millrace data get text8 questions-words
  millrace train $(millrace data path text8) --name text8`,
  )
}

function list(names: string[], { json }: Options): void {
  const entries = names.length > 0 ? names.map((name) => requireEntry(name)) : catalogue
  if (json) {
    printJson({
      type: 'data',
      cache: cacheFolder(),
      data: dataFolder() ?? null,
      entries: entries.map(jsonOf),
    })
  } else if (names.length > 0) print(entries.map(described).join('\n\n'))
  else {
    const rows = entries.map((entry) => [
      entry.name,
      entry.kind,
      sizeOf(entry),
      stateOf(entry),
      entry.licence,
    ])
    print(table([['name', 'kind', 'size', 'here', 'licence'], ...rows], [0, 1, 3, 4]))
    note(`cache ${cacheFolder()}${dataFolder() ? `, data ${dataFolder()}` : ''}`)
  }
}

/** Tries each name. What fails of several is told at once, and the exit code is that of the worst. */
async function get(names: string[], { json }: Options): Promise<void> {
  for (const name of names) requireEntry(name)
  const line = new LiveLine()
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  const done: Fetched[] = []
  const failed: object[] = []
  let worst = 0
  for (const name of names) {
    try {
      const fetched = await fetchData(name, {
        signal: stop.signal,
        onProgress: (step, bytes, total) => line.show(`${name}  ${step}${progressText(bytes, total)}`),
        onRetry: (message) => line.end(`${name}  ${message}`),
      })
      line.end(fetchedText(fetched))
      done.push(fetched)
    } catch (error) {
      line.end()
      if (names.length === 1 || !(error instanceof MillraceError)) throw error
      worst = Math.max(worst, tellError(error, false))
      const { what, why, mend } = error.parts
      failed.push({ name, code: error.code, what, why, mend, exitCode: error.exitCode })
      // The others are not begun.
      if (error instanceof StoppedError) break
    }
  }
  if (json) printJson({ type: 'data', entries: done, failed })
  else for (const { path } of done) print(path)
  if (worst > 0) process.exitCode = worst
}

function path(name: string, { json }: Options): void {
  const found = dataFile(name)
  if (json) printJson({ type: 'data', name, path: found })
  else print(found)
}

function dir({ json }: Options): void {
  if (json) printJson({ type: 'data', cache: cacheFolder(), data: dataFolder() ?? null })
  else print(cacheFolder())
}

function progressText(bytes: number, total: number | null): string {
  if (bytes === 0) return ' for another process'
  if (total === null) return `  ${formatBytes(bytes)}`
  return `  ${((100 * bytes) / total).toFixed(1)} %  ${formatBytes(bytes)} of ${formatBytes(total)}`
}

function fetchedText({ name, wasHere, sha256, verified }: Fetched): string {
  const state = wasHere ? 'was here' : 'is here'
  if (verified) return `${name}  ${state}, checksum verified`
  if (sha256 === null) return `${name}  ${state}`
  return `${name}  ${state}; no checksum of it is published, so it could not be verified: sha256 ${sha256}`
}

function stateOf(entry: DataEntry): string {
  const { path, packed } = find(entry)
  if (path !== undefined) return 'yes'
  if (packed !== undefined) return 'packed'
  return entry.download ? 'no' : 'by hand'
}

function sizeOf({ bytes }: DataEntry): string {
  return bytes === null ? '–' : formatBytes(bytes)
}

function described(entry: DataEntry): string {
  const { path, packed } = find(entry)
  const size = [sizeOf(entry), entry.words !== null && `${formatCount(entry.words)} words`].filter(Boolean)
  return [
    `${entry.name}: ${entry.what}`,
    `  kind      ${entry.kind}`,
    `  size      ${size.join(', ')}`,
    `  licence   ${entry.licence}`,
    `  home      ${entry.home}`,
    ...(entry.download ? [`  from      ${entry.download.urls[0]}`] : []),
    `  checksum  ${checksumText(entry.checksums) ?? 'none published'}`,
    `  here      ${path ?? packed ?? 'no'}`,
    ...((path ?? packed) ? [] : [`  by hand   ${byHand(entry)}`]),
  ].join('\n')
}

function jsonOf(entry: DataEntry): unknown {
  const { path, packed, target } = find(entry)
  return { ...entry, state: stateOf(entry), path: path ?? packed ?? null, target }
}
