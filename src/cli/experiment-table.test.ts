import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ExperimentRecord, Version } from '../experiment/index.ts'
import { liveLines, runsJson, runTable } from './experiment-table.ts'

test('a damaged run is shown as one that failed, beside the others', () => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-'))
  const run = { skipped: null, failure: null, config: {}, corpus: null }
  const runs = ['a', 'b'].map((id) => ({ ...run, id, folder: id }))
  const version = new Version(path, {
    name: 'x',
    version: 1,
    evaluate: null,
    runs,
  } as unknown as ExperimentRecord)
  for (const [id, text] of [
    ['a', '{'],
    ['b', JSON.stringify({ format: 1, status: 'complete', result: { words: 7, seconds: 2 } })],
  ] as const) {
    mkdirSync(join(path, id))
    writeFileSync(join(path, id, 'run.json'), text)
  }
  expect(
    runTable(version, new Set(['a', 'b']))
      .split('\n')
      .slice(1),
  ).toEqual([
    expect.stringMatching(/^a +failed: .*run\.json/),
    expect.stringMatching(/^b +complete +7 {2}2\.0 s$/),
  ])
  expect(runsJson(version, ['a', 'b']).runs.map(({ state, result }) => [state, result?.words])).toEqual([
    ['failed', undefined],
    ['complete', 7],
  ])
  expect(liveLines(version, ['a', 'b'], new Set())).toEqual(['x@1: 0 at work, 1 failed, 1 complete'])
})
