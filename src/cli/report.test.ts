import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { gridRecipe, madeUpExperiment, madeUpRuns } from '../../test/report/made-up-experiment.ts'
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

test('a recipe with tables, or the folder of its version, becomes its tables', async () => {
  const runs = madeUpRuns()
  const one = {
    ...gridRecipe,
    grid: { dim: [50], words: ['24M', '783M'] },
    figures: [],
    scales: { tiny: { as: { words: { '783M': null } }, seeds: [1, 2, 3] } },
  }
  madeUpExperiment(one, { runs, scale: 'tiny' })
  writeFileSync(join(runs, 'table2.yaml'), JSON.stringify(one))
  const out = join(runs, 'out')
  const told = JSON.parse(await outputOf(join(runs, 'table2.yaml'), '--runs', runs, '-o', out, '--json'))
  expect(told).toMatchObject({ type: 'report', scale: 'tiny', version: 1, runs: 6, missing: 3 })
  expect(readFileSync(join(out, 'table2.md'), 'utf8')).toContain('| 50 | 50.0 ± 0.0 | – <sup>a</sup> |')
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  await outputOf(join(runs, 'paper1-table2'), '-o', out)
  expect(readFileSync(join(out, 'paper1-table2.tex'), 'utf8')).toContain('\\toprule')
  await expect(outputOf(join(runs, 'table2.yaml'), '--runs', runs, '--version', 'x')).rejects.toThrow(
    'is no version',
  )
  await expect(
    outputOf(join(runs, 'table2.yaml'), '--runs', runs, '-o', join(out, 'table2.md')),
  ).rejects.toThrow('is a file')
})

test('there is a target or --paper, and not both', async () => {
  await expect(outputOf()).rejects.toThrow('there is nothing to report on')
  await expect(outputOf('a', '--paper')).rejects.toThrow('leave one of them out')
  await expect(outputOf('small.yaml', '--paper')).rejects.toThrow('leave one of them out')
  await expect(outputOf('--paper', '--version', '3')).rejects.toThrow('--version does nothing here')
  await expect(outputOf('a', '--scale', 'tiny')).rejects.toThrow('--scale does nothing here')
})
