import { accessSync, constants, readdirSync, rmSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Disk, diskError, makeFolder, writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import type { CorpusFile } from './files.ts'
import type { Phrase } from './phrases-pass.ts'

/**
 * Refuses to write over an input, under whatever name, or a folder.
 *
 * throws  InputError
 */
export function checkOutputs(out: string, list: string | undefined, files: CorpusFile[]): void {
  checkOutput(resolve(out), files, 'the output')
  if (list === undefined) return
  checkOutput(resolve(list), files, 'the list')
  if (resolve(list) === resolve(out)) throw sameOutputs(list)
}

/**
 * Makes the list's folder and sees that one may write there, before hours of work and not after them.
 *
 * throws  ResourceError
 */
export function prepareList(list: string, disk: Disk): void {
  const folder = dirname(resolve(list))
  try {
    makeFolder(folder, disk)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw diskError(error, list)
  }
}

/**
 * Makes a folder beside the output, for what is not done; those of processes that were killed outright go.
 *
 * throws  ResourceError if the disk refuses
 */
export function makeScratch(out: string, disk: Disk): string {
  const folder = dirname(out)
  const scratch = `${out}.${process.pid}.tmp`
  try {
    makeFolder(folder, disk)
    removeLeftovers(out)
    disk.mkdirSync(scratch)
  } catch (error) {
    throw diskError(error, out)
  }
  return scratch
}

function removeLeftovers(out: string): void {
  for (const name of readdirSync(dirname(out))) {
    const [, of, pid] = /^(.*)\.(\d+)\.tmp$/s.exec(name) ?? []
    if (of !== basename(out) || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue
    const path = join(dirname(out), name)
    if (statIfThere(path)?.isDirectory()) rmSync(path, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Writes `phrase<TAB>count<TAB>score` lines. */
export function writeList(path: string, phrases: Phrase[], disk: Disk): void {
  phrases.sort(byScore)
  writeFileAtomically(
    path,
    (write) => {
      for (let from = 0; from < phrases.length; from += 10_000) {
        const lines = phrases
          .slice(from, from + 10_000)
          .map(({ phrase, count, score }) => `${phrase}\t${count}\t${Number(score.toPrecision(6))}\n`)
        write(Buffer.from(lines.join('')))
      }
    },
    disk,
  )
}

function byScore(a: Phrase, b: Phrase): number {
  return (
    b.score - a.score || b.count - a.count || Buffer.compare(Buffer.from(a.phrase), Buffer.from(b.phrase))
  )
}

function checkOutput(path: string, files: CorpusFile[], role: string): void {
  const stats = statIfThere(path)
  if (!stats) return
  if (!stats.isFile()) {
    throw new InputError('PHRASES_OUTPUT', {
      what: `${role} ${path} is ${stats.isDirectory() ? 'a folder' : 'not a regular file'}`,
      why: 'it is written whole, in the place of what is there',
      mend: 'choose a file name',
    })
  }
  const same = files.find((file) => {
    const input = statIfThere(file.path)
    return input && input.dev === stats.dev && input.ino === stats.ino
  })
  if (same) {
    throw new InputError('PHRASES_OUTPUT', {
      what: `${role} ${path} is an input`,
      why: same.path === path ? 'the corpus would be lost' : `it is the same file as ${same.path}`,
      mend: 'write elsewhere; and not as *.txt into a folder that is read',
    })
  }
}

function sameOutputs(list: string): InputError {
  return new InputError('PHRASES_OUTPUT', {
    what: `the list ${list} is the output`,
    why: 'one would be written over the other',
    mend: 'give them different names',
  })
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
