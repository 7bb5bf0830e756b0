import { relative } from 'node:path'
import type { RunFile, RunFolder } from '../run/index.ts'

/** Keys of the config that are arguments of `train`, or say where the run lies. */
const notOptions = ['corpus', 'out', 'name']

/** The command that trains this run again, or goes on with it: every setting said, so that no default matters. */
export function repeatCommand({ config }: RunFile, folder: RunFolder): string {
  const near = relative(process.cwd(), folder.path)
  const out = near === '' || near.startsWith('..') ? folder.path : near
  const corpus = [config.corpus ?? 'CORPUS'].flat().map(String)
  const options = Object.entries(config).flatMap(([key, value]) => {
    if (notOptions.includes(key) || value === null || value === false || typeof value === 'object') return []
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return value === true ? [flag] : [flag, String(value)]
  })
  return ['npx millrace train', ...[...corpus, '--out', out, ...options].map(quote)].join(' ')
}

/** Quoted for the shell where it has to be. */
function quote(word: string): string {
  return /^[\w./@:=+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
