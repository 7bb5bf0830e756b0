import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { damage, families, hash, madeUpRun, madeUpScores } from '../../test/report/made-up-run.ts'
import { acquireLock, EventLog, RunFolder } from '../run/index.ts'
import { reportHtml, writeReport } from './report.ts'

/** What a reader reads: no markup, no pictures. Short enough to be shown when a test fails. */
function textOf(html: string): string {
  return html
    .replace(/<style>.*?<\/style>|<svg .*?<\/svg>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
}

test('a complete run has all its parts in one file that needs nothing else', () => {
  const folder = madeUpRun()
  const path = writeReport(folder, { groups: families, words: ['war', 'gold'] })
  expect(path).toBe(folder.report)
  const html = readFileSync(path, 'utf8')
  for (const part of [
    'The words',
    'The training',
    'Nearest neighbours',
    'Epochs and their audit',
    'Config',
    'Run it again',
  ])
    expect(textOf(html)).toContain(part)
  expect(textOf(html)).toContain('words trained 4,000')
  expect(textOf(html)).toContain('peak memory 50.0 MiB planned 60.0 MiB')
  expect(textOf(html)).toContain('tale complete')
  expect(html.match(new RegExp(hash, 'g'))).toHaveLength(4)
  expect(html.match(/<svg /g)).toHaveLength(6)
  // Four epochs in each of four charts, and the plan in that of the memory.
  expect(html.match(/<line class="epoch"/g)).toHaveLength(16)
  expect(html.match(/<line class="level"/g)).toHaveLength(1)
  expect(/<script|<link|src=|url\(|@import/.exec(html)).toBeNull()
  // The only address is the name of the SVG namespace, which nothing fetches.
  expect(/https?:/.exec(html.replaceAll('http://www.w3.org/2000/svg', ''))).toBeNull()
  expect(/undefined|NaN/.exec(html)).toBeNull()
})

test('scores that were taken while it was trained are drawn, and why it ended early is told', () => {
  const folder = madeUpRun()
  const log = new EventLog(folder.events, 1)
  for (const [place, share] of [0, 0.1, null, 0.3].entries())
    log.append(place * 1000, {
      type: 'scores',
      ...{ epoch: 1, place, seconds: place, tookSeconds: 1 },
      scores: { 'google<.total': share, 'men.spearman': 0.5, 'men.pearson': 0.5, dead: null },
    })
  const run = folder.read()
  const stoppedEarly = { epoch: 3.5, score: 'men.spearman', best: 0.5, at: 2 }
  folder.write({ ...run, result: { ...run.result!, stoppedEarly } })
  const html = reportHtml(folder)
  expect(textOf(html)).toContain('Scores while it was trained')
  expect(html).toContain('aria-label="google&lt;.total: score over thousand words trained"')
  expect(html).toContain('aria-label="men.spearman: rank correlation over thousand words trained"')
  expect(html).toContain('aria-label="dead: nothing recorded"')
  expect(html).not.toContain('men.pearson')
  expect(textOf(html)).toContain('stopped early after 3.5 epochs: men.spearman was best, 0.5000, after 2.')
  expect(/undefined|NaN/.exec(html)).toBeNull()
})

test('every tag that is opened is closed', () => {
  const html = reportHtml(madeUpRun(), { groups: families })
  const open: string[] = []
  for (const [, end, name] of html.slice(html.indexOf('<main')).matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (!end) open.push(name!)
    else if (name !== 'html') expect(open.pop()).toBe(name)
  }
  expect(open).toEqual([])
})

test('a stopped run says how far it came and how to go on', () => {
  const html = textOf(reportHtml(madeUpRun({ epochs: 2 })))
  expect(html).toContain('Stopped on request after 50 % of the training. The command below goes on')
  expect(html).toContain('words trained 2,000')
  expect(html).not.toContain('The words')
  expect(html.match(new RegExp(hash, 'g'))).toHaveLength(2)
})

test('a run that says it is running, and whose process is gone, died', () => {
  // No process has the number 2^22 + 1: it is past the highest that Linux gives.
  const dead = textOf(
    reportHtml(madeUpRun({ epochs: 1, status: 'running', pids: { supervisor: null, trainer: 2 ** 22 + 1 } })),
  )
  expect(dead).toContain('The process ended without a word after 25 %')
  const living = madeUpRun({ epochs: 1, status: 'running' })
  acquireLock(living)
  expect(textOf(reportHtml(living))).toContain(
    'Training now: 25 % of the training is done, about 6.0 s to go',
  )
})

test('a failed run says why, escaped', () => {
  const html = textOf(reportHtml(madeUpRun({ epochs: 1, status: 'failed', error: 'disk <full>' })))
  expect(html).toContain('Failed after 25 % of the training: disk &lt;full&gt;')
})

test('a run killed before its first event has a report', () => {
  const folder = madeUpRun({ epochs: 0, status: 'running' })
  rmSync(folder.events)
  const html = reportHtml(folder)
  expect(textOf(html)).toContain(
    'The process ended without a word after 0 % of the training. There is no checkpoint yet',
  )
  expect(html.match(/nothing recorded/g)!.length).toBeGreaterThanOrEqual(4)
  expect(html.includes('NaN')).toBe(false)
})

test('the loss has the unit of what it is taken of', () => {
  const folder = madeUpRun()
  expect(reportHtml(folder)).toContain('>nats per pair of words</text>')
  const run = folder.read()
  folder.write({ ...run, config: { ...run.config, loss: 'hs' } })
  expect(reportHtml(folder)).toContain('>nats per step of the tree</text>')
})

test('a damaged part is told and does not cost the rest', () => {
  const folder = madeUpRun()
  damage(folder.vectors)
  damage(folder.scores)
  writeFileSync(folder.events, '{"type":"progress","wor', { flag: 'a' })
  const html = textOf(reportHtml(folder))
  expect(html).toContain('vectors.safetensors is not a file of word vectors')
  expect(html).toContain('eval.json is damaged: it is not JSON')
  expect(html).toContain('The training')
})

test('an epoch without a single pair has no loss', () => {
  const folder = madeUpRun()
  new EventLog(folder.events, 1).append(4000, {
    type: 'epoch',
    epoch: 4,
    loss: Number.NaN,
    seconds: 0.5,
    records: 77,
    hash,
  })
  expect(textOf(reportHtml(folder))).toContain(`4 – 0.5 77 ${hash}`)
})

test('epochs that saw other records are told apart', () => {
  const folder = madeUpRun()
  const run = folder.read()
  run.result!.audit.epochs[2]!.hash = '0000000000000000'
  folder.write(run)
  expect(textOf(reportHtml(folder))).toContain('did not see the same records')
  expect(textOf(reportHtml(madeUpRun()))).toContain('Every epoch saw the same records')
})

test('scores are shown where the run has them; of another format, that is told', () => {
  const folder = madeUpRun()
  expect(textOf(reportHtml(folder))).not.toContain('Scores')
  writeFileSync(folder.scores, JSON.stringify(madeUpScores()))
  const text = textOf(reportHtml(folder))
  expect(text).toContain('syntactic 25.0 % 490 1,960 40')
  expect(text).toContain('gram1-&lt;plural&gt;')
  writeFileSync(folder.scores, '{"format":3}')
  expect(textOf(reportHtml(folder))).toContain('eval.json has format 3')
})

test('words that are not in the vocabulary are named', () => {
  expect(textOf(reportHtml(madeUpRun(), { words: ['war', 'zebra'] }))).toContain(
    'Not in the vocabulary: zebra',
  )
})

test('a folder without a run is an error, and no file is written', () => {
  const folder = new RunFolder(join(madeUpRun().path, 'none'))
  expect(() => writeReport(folder)).toThrow('is not a run folder')
  expect(existsSync(folder.path)).toBe(false)
})
