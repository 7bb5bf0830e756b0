import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RunFolder } from './folder.ts'
import { acquireLock } from './lock.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-'))
let folderCount = 0
const newFolder = () => new RunFolder(join(root, `run${folderCount++}`))
const imports = `
  const { acquireLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
  const { RunFolder } = await import(${JSON.stringify(new URL('./folder.ts', import.meta.url).href)})
`

/** A process that imports the lock and runs a script. */
function start(script: string) {
  return spawn(process.execPath, ['--input-type=module', '--eval', imports + script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** The number of a process that has died. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

test('a second process is refused until the first is done, and told which it is', async () => {
  const folder = newFolder()
  const child = start(`
    const lock = acquireLock(new RunFolder(${JSON.stringify(folder.path)}))
    process.stdin.once('data', () => { lock.release(); process.stdin.destroy() })
    console.log('locked')`)
  await once(child.stdout, 'data')
  expect(() => acquireLock(folder)).toThrow(`another process (${child.pid}) is training in ${folder.path}`)
  child.stdin.write('release')
  await once(child, 'exit')
  const lock = acquireLock(folder)
  // Nor twice in one process.
  expect(() => acquireLock(folder)).toThrow(`another process (${process.pid})`)
  lock.release()
  expect(readdirSync(folder.path)).toEqual([])
})

test('the lock of a process that was killed is not in the way', async () => {
  const folder = newFolder()
  const child = start(`
    acquireLock(new RunFolder(${JSON.stringify(folder.path)}))
    setInterval(() => {}, 1000)
    console.log('locked')`)
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(existsSync(folder.lock)).toBe(true)
  acquireLock(folder).release()
})

test.skipIf(!existsSync('/proc/self/stat'))('nor is one whose process number another process has now', () => {
  const folder = newFolder()
  mkdirSync(folder.path)
  writeFileSync(folder.lock, JSON.stringify({ pid: process.pid, born: '1' }))
  acquireLock(folder).release()
})

test.skipIf(!existsSync('/proc/self/stat'))(
  'nor one of a process that is dead and not yet buried',
  async () => {
    const folder = newFolder()
    // The shell starts a child that takes the lock and dies, and becomes something that never asks for it.
    const script = `${imports} acquireLock(new RunFolder(${JSON.stringify(folder.path)}))`
    const shell = spawn('sh', [
      '-c',
      '"$0" --input-type=module --eval "$1" & exec sleep 60',
      process.execPath,
      script,
    ])
    try {
      const holder = () => (existsSync(folder.lock) ? readFileSync(folder.lock, 'utf8') : '')
      while (!holder().endsWith('}')) await new Promise((resolve) => setTimeout(resolve, 20))
      const { pid } = JSON.parse(holder())
      while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      acquireLock(folder).release()
    } finally {
      shell.kill()
    }
  },
)

test('nor one that was never written to its end', () => {
  for (const content of ['', '{"pid":-1']) {
    const folder = newFolder()
    mkdirSync(folder.path)
    writeFileSync(folder.lock, content)
    acquireLock(folder).release()
    expect(readdirSync(folder.path)).toEqual([])
  }
})

test('of processes that find a dead lock at the same time, one gets it', async () => {
  const folders = Array.from({ length: 150 }, newFolder)
  const pid = deadPid()
  for (const folder of folders) {
    mkdirSync(folder.path)
    writeFileSync(folder.lock, JSON.stringify({ pid, born: '1' }))
  }
  const script = `
    const won = []
    process.stdin.once('data', () => {
      for (const path of ${JSON.stringify(folders.map(({ path }) => path))}) {
        try { acquireLock(new RunFolder(path)); won.push(path) } catch {}
      }
      console.log(won.join('\\n'))
      // Alive until all are done.
      process.stdin.once('data', () => process.exit())
    })
    console.log('ready')`
  const children = [start(script), start(script), start(script)]
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')))
  const answers = children.map(({ stdout }) => once(stdout, 'data'))
  for (const { stdin } of children) stdin.write('go')
  const won = (await Promise.all(answers)).flatMap(([paths]) => String(paths).split('\n').filter(Boolean))
  for (const { stdin } of children) stdin.write('end')
  await Promise.all(children.map((child) => once(child, 'exit')))
  expect(won.toSorted()).toEqual(folders.map(({ path }) => path).toSorted())
})

test('a lock that another process took over stays', () => {
  const folder = newFolder()
  const lock = acquireLock(folder)
  writeFileSync(folder.lock, '{"pid":1,"born":null}')
  lock.release()
  expect(readFileSync(folder.lock, 'utf8')).toBe('{"pid":1,"born":null}')
})

test('a place where no folder can be is told', () => {
  const file = join(root, 'file')
  writeFileSync(file, '')
  expect(() => acquireLock(new RunFolder(join(file, 'run')))).toThrow('a file of that name is in the way')
  expect(() => acquireLock(new RunFolder(join(root, 'x'.repeat(300))))).toThrow('the name is too long')
  // There mkdir says that there is no such place.
  if (existsSync('/proc/self/stat')) {
    expect(() => acquireLock(new RunFolder('/proc/millrace/run'))).toThrow('cannot be made')
  }
})
