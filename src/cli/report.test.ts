import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { madeUpRun } from '../../test/report/made-up-run.ts'
import { command } from './report.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What the command prints on standard output. */
async function outputOf(...args: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  await command().exitOverride().parseAsync(args, { from: 'user' })
  return printed
}

test('prints the path of the report it wrote, from here', async () => {
  const folder = madeUpRun()
  expect(await outputOf(folder.path)).toBe(`${relative('.', folder.report)}\n`)
  expect(existsSync(folder.report)).toBe(true)
})

test('writes where it is told, with the words it is given', async () => {
  const folder = madeUpRun()
  const html = join(mkdtempSync(join(tmpdir(), 'millrace-cli-')), 'a.html')
  const printed = await outputOf(folder.path, '--json', '-o', html, '--words', 'queen', 'king')
  expect(JSON.parse(printed)).toEqual({ type: 'report', report: html })
  expect(existsSync(folder.report)).toBe(false)
  expect(readFileSync(html, 'utf8')).toContain('<b>queen</b>')
})

test('takes the run, the words and their groups from a recipe', async () => {
  const here = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  mkdirSync(join(here, 'runs'))
  symlinkSync(madeUpRun().path, join(here, 'runs/small'))
  writeFileSync(
    join(here, 'small.yaml'),
    'name: small\ncorpus: [x.txt]\nreport: { words: [queen], groups: { arms: [war, army, navy], money: [gold, silver] } }\n',
  )
  const before = process.cwd()
  process.chdir(here)
  try {
    expect(await outputOf('small.yaml', '--svg', 'a.svg')).toBe('runs/small/report.html\n')
    expect(readFileSync('runs/small/report.html', 'utf8')).toContain('<b>queen</b>')
    expect(readFileSync('a.svg', 'utf8')).toContain('>arms<')
  } finally {
    process.chdir(before)
  }
})

test('a folder without a run and a recipe that is not there are told in plain words', async () => {
  await expect(outputOf(join(tmpdir(), 'nothing'))).rejects.toThrow('is not a run folder')
  await expect(outputOf('nowhere.yaml')).rejects.toThrow('it is not there')
})
