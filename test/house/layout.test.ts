import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { layoutFaults } from '../../scripts/check-layout.ts'

test('imports flow down the layout', () => {
  expect(layoutFaults(join(import.meta.dirname, '../../src'))).toEqual([])
})

test('an import up the layout is found', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-'))
  mkdirSync(join(root, 'core'))
  writeFileSync(join(root, 'core/a.ts'), "import { b } from '../train/b.ts'\n")
  expect(layoutFaults(root)).toEqual(['core/a.ts: core must not import train (../train/b.ts)'])
})
