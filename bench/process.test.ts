import { expect, test } from 'vitest'
import { lastJson, run } from './process.ts'

test('a line is dated where it begins, even if it ends with the next', async () => {
  const lines = await run(['sh', '-c', 'printf "one\\n\\rtwo"; sleep 0.2; printf " 2\\rthree"; sleep 0.2'])
  const [one, two, three] = ['one', 'two 2', 'three'].map((text) => lines.find((line) => line.text === text)!)
  expect(two!.seconds).toBe(one!.seconds)
  expect(three!.seconds).toBeGreaterThan(two!.seconds + 0.15)
  if (process.platform === 'linux') expect(three!.peakBytes).toBeGreaterThan(0)
})

test('the last object is the result', async () => {
  expect(lastJson(await run(['sh', '-c', 'echo \'{"a":1}\'; echo \'{"a":2}\'; echo end >&2']))).toEqual({
    a: 2,
  })
})

test('a failure tells the last words', async () => {
  await expect(run(['sh', '-c', 'echo reason >&2; exit 3'])).rejects.toThrow('sh ended with 3\n  why: reason')
  await expect(run(['/nowhere/program'])).rejects.toThrow('/nowhere/program')
})
