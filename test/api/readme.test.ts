import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

test("the README's loader prints what stands under it, in a project of a user's own", () => {
  const block = /```ts\n\/\/ numbers\.ts\n([\s\S]*?)```/.exec(
    readFileSync(join(root, 'README.md'), 'utf8'),
  )![1]!
  const expected = [...block.matchAll(/^\/\/ (\[.*\])$/gm)].map((line) => line[1])
  expect(expected).toHaveLength(4)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-readme-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/millrace'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'numbers.ts'), block)
    const out = execFileSync(process.execPath, ['--conditions=millrace-source', 'numbers.ts'], {
      cwd: folder,
    })
    expect(out.toString().trimEnd().split('\n')).toEqual(expected)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
