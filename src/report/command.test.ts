import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { madeUpRun } from '../../test/report/made-up-run.ts'
import { repeatCommand } from './command.ts'

test('the command says every setting, quoted for the shell', () => {
  const folder = madeUpRun()
  const command = repeatCommand(folder.read(), folder)
  expect(command).toBe(
    `npx millrace train 'my texts/a.txt' --out ${folder.path}-again --dim 8 --min-count 5 --epochs 4`,
  )
})

test('a shell reads hostile names as they are', () => {
  const corpus = ["it's", '$(date)', 'a b', '한국.txt']
  const folder = madeUpRun({ epochs: 1, config: { corpus } })
  const command = repeatCommand(folder.read(), folder).replace('npx millrace train', 'printf "%s\\n"')
  const words = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trimEnd().split('\n')
  expect(words).toEqual([...corpus, '--out', folder.path])
})

test('paths below the current folder are written from there', () => {
  const folder = madeUpRun({ config: { corpus: [join(process.cwd(), 'texts/a.txt')] } })
  expect(repeatCommand(folder.read(), folder)).toContain('train texts/a.txt --out /')
})
