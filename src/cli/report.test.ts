import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('prints the path of the report it wrote', async () => {
  const folder = madeUpRun()
  expect(await outputOf(folder.path)).toBe(`${folder.report}\n`)
  expect(existsSync(folder.report)).toBe(true)
})

test('writes where it is told, with the words and groups it is given', async () => {
  const folder = madeUpRun()
  const out = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  const [html, svg, groups] = [join(out, 'a.html'), join(out, 'a.svg'), join(out, 'g.yaml')]
  writeFileSync(groups, 'arms: [war, army, navy]\nmoney: [gold, silver]\n')
  const printed = await outputOf(
    folder.path,
    '--json',
    '-o',
    html,
    '--svg',
    svg,
    '--groups',
    groups,
    '--words',
    'queen',
    'king',
  )
  expect(JSON.parse(printed)).toEqual({ type: 'report', report: html, svg })
  expect(existsSync(folder.report)).toBe(false)
  expect(readFileSync(html, 'utf8')).toContain('<b>queen</b>')
  expect(readFileSync(svg, 'utf8')).toContain('>arms<')
})

test('bad groups and a folder without a run are told in plain words', async () => {
  const folder = madeUpRun()
  const bad = join(folder.path, 'bad.yaml')
  writeFileSync(bad, 'arms: war')
  await expect(outputOf(folder.path, '--groups', bad)).rejects.toThrow('holds no groups of words')
  await expect(outputOf(folder.path, '--groups', 'nowhere.yaml')).rejects.toThrow('it is not there')
  await expect(outputOf(join(folder.path, 'nothing'))).rejects.toThrow('is not a run folder')
})
