import { expect, test } from 'vitest'
import { threadTime } from './profile.ts'

test('time in WASM goes to who called it, through the frames between', () => {
  const node = (id: number, functionName: string, url: string, children: number[] = []) => {
    return { id, callFrame: { functionName, url }, children }
  }
  const wasm = 'wasm://wasm/1'
  const nodes = [
    node(1, '(root)', '', [2, 9]),
    node(2, 'block', 'file:///a.js', [3, 6]),
    node(3, 'train', 'file:///b.js', [4]),
    node(4, 'js-to-wasm', '', [5]),
    node(5, 'wasm-function[7]', wasm, [7]),
    node(6, 'wasm-function[2]', wasm),
    node(7, 'wasm-function[8]', wasm),
    node(9, '(idle)', ''),
  ]
  const samples = [5, 7, 6, 2, 9, 4, 7]
  const timeDeltas = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6]
  expect(threadTime({ nodes, samples, timeDeltas })).toEqual({
    kernels: { train: 67, block: 4 },
    other: 40,
  })
})
