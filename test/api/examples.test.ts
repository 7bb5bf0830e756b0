import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

// The examples, run as a reader of them would.

const examples = join(import.meta.dirname, '../../examples')
const folder = mkdtempSync(join(tmpdir(), 'millrace-examples-'))
afterAll(() => rmSync(folder, { recursive: true }))

function run(name: string, ...args: string[]) {
  const { stdout, stderr, signal } = spawnSync(
    process.execPath,
    ['--conditions=millrace-source', join(examples, name), ...args],
    { encoding: 'utf8', timeout: 50_000 },
  )
  return { lines: stdout.trimEnd().split('\n'), stderr, signal }
}

const tested: string[] = []
function example(name: string, body: () => void): void {
  tested.push(name)
  test(name, body)
}

example('worker-init.ts', () => {
  expect(run('worker-init.ts')).toEqual({
    lines: [
      '[ 0, 1, 2, 3 ] [ 0, 0, 0, 0 ]',
      '[ 8, 9, 10, 11 ] [ 1, 1, 1, 1 ]',
      '[ 4, 5, 6, 7 ] [ 0, 0, 0, 0 ]',
      '[ 12, 13, 14, 15 ] [ 1, 1, 1, 1 ]',
    ],
    stderr: '',
    signal: null,
  })
})

example('infinite-stream.ts', () => {
  const { lines, stderr } = run('infinite-stream.ts')
  expect(stderr).toBe('')
  expect(lines).toHaveLength(6)
  const devices = lines.map((line) => /^device (\d), seconds( \d+){4}$/.exec(line)?.[1])
  expect(devices).toEqual(['0', '1', '0', '1', '0', '1'])
})

example('resume-after-kill.ts', () => {
  const { lines, stderr } = run('resume-after-kill.ts')
  expect(stderr).toBe('')
  expect(lines.filter((line) => line.startsWith('killed (SIGKILL)')).length).toBeGreaterThan(0)
  expect(lines.slice(-2)).toEqual([
    'done after 1000 of 1000 samples',
    'sum 332833500, expected 332833500', // Σ i² below 1000 = 999·1000·1999/6
  ])
})

example('tensorflow-style.ts', () => {
  const { lines, stderr } = run('tensorflow-style.ts')
  expect(stderr).toBe('')
  expect(lines.map((line) => line.split(',')[0])).toEqual([
    'xs 24×2 Float32Array',
    'xs 24×2 Float32Array',
    'xs 8×2 Float32Array',
    'xs 8×2 Float32Array',
  ])
})

example('own-loop.ts', () => {
  const whole = run('own-loop.ts', join(folder, 'whole'))
  const killed = run('own-loop.ts', join(folder, 'killed'), '--die-at', '130')
  const again = run('own-loop.ts', join(folder, 'killed'))
  expect(killed.signal).toBe('SIGKILL')
  expect(again.lines[0]).toBe('going on at step 125')
  expect(whole.lines.at(-1)).toMatch(/^y = [\d.]+ x \+ -[\d.]+$/)
  expect(again.lines.at(-1)).toBe(whole.lines.at(-1))
})

example('supervised.ts', () => {
  const { lines, stderr } = run('supervised.ts', join(folder, 'supervised'))
  expect(stderr).toBe('')
  expect(lines[0]).toBe('from step 0')
  const places = lines.flatMap(
    (line) => /^killed by SIGKILL in step (\d+) of 300 after/.exec(line)?.[1] ?? [],
  )
  expect(places.length).toBeGreaterThanOrEqual(2)
  for (const place of places) expect(lines).toContain(`from step ${place}`)
  expect(lines.slice(-2)).toEqual([
    'sum 8955050 after 300 steps', // Σ i² below 300 = 299·300·599/6
    `${places.length} deaths`,
  ])
})

test('each example is run here', () => {
  expect(tested.sort()).toEqual(readdirSync(examples).sort())
})
