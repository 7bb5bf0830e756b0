import { relative } from 'node:path'
import type { RunFile, RunFolder } from '../run/index.ts'

/** Keys of the config that are arguments of `train`, or say where the run lies. */
const notOptions = ['corpus', 'out', 'name']

/**
 * The command that goes on with this run or, if it is complete, trains it again beside it: every setting said,
 * so that no default matters. Paths below the current folder are written from there.
 */
export function repeatCommand({ config, status }: RunFile, folder: RunFolder): string {
  const out = nearPath(folder.path) + (status === 'complete' ? '-again' : '')
  const corpus = [config.corpus ?? 'CORPUS'].flat().map((path) => nearPath(String(path)))
  const options = Object.entries(config).flatMap(([key, value]) => {
    if (notOptions.includes(key) || value === null || value === false || typeof value === 'object') return []
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return value === true ? [flag] : [flag, String(value)]
  })
  return ['npx millrace train', ...[...corpus, '--out', out, ...options].map(quote)].join(' ')
}

function nearPath(path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') ? path : near
}

/** Quoted for the shell where it has to be. */
function quote(word: string): string {
  return /^[\w./@:=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
