import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  cacheFolder,
  catalogue,
  type DataEntry,
  dataFile,
  type FetchOptions,
  fetchData,
  packingOf,
  unpacked,
} from './index.ts'

const text = 'some words of a text\n'.repeat(500)
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let server: Server
let cache: string
let requests: string[]
let options: FetchOptions & { cache: string }

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'fetch-'))
  requests = []
  const zip = zipOf({ 'folder/other': 'no', 'folder/text': text })
  server = createServer(({ url }, response) => {
    requests.push(url!)
    const body = { '/text.zip': zip, '/plain': text, '/answers': 'a' }[url!]
    if (body === undefined) response.writeHead(404).end()
    else setTimeout(() => response.end(body), 20)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const packed = { urls: [`${at}/text.zip`], checksums: { sha256: sha256(zip) }, member: 'folder/text' }
  const entries = [
    entryOf('zipped', { download: packed }),
    entryOf('plain', { download: { urls: [`${at}/plain`] }, needs: ['answers'] }),
    entryOf('answers', { checksums: {}, download: { urls: [`${at}/answers`] } }),
    entryOf('wrong', { checksums: { md5: '0'.repeat(32) }, download: { urls: [`${at}/plain`] } }),
    entryOf('gone', { download: { ...packed, urls: [`${at}/gone.zip`] } }),
    entryOf('secret', { byHand: 'ask its owner' }),
  ]
  options = { cache, data: null, entries, tries: 1, backoffMs: 1 }
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function entryOf(name: string, rest: Partial<DataEntry>): DataEntry {
  const checksums = { sha256: sha256(text) }
  const of = { what: 'made up', licence: 'none', home: '', bytes: null, words: null }
  return { name, kind: 'corpus', file: `corpora/${name}`, checksums, ...of, ...rest }
}

/** A zip of files, deflated. */
function zipOf(files: Record<string, string>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const offset = Buffer.alloc(14)
    offset.writeUInt32LE(Buffer.concat(parts).length, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, offset, Buffer.from(name))
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), packed)
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(Object.keys(files).length, 8)
  end.writeUInt16LE(Object.keys(files).length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(Buffer.concat(parts).length, 16)
  return Buffer.concat([...parts, ...directory, end])
}

test('a zip is downloaded, unpacked, compared, and gone', async () => {
  const fetched = await fetchData('zipped', options)
  const path = join(cache, 'corpora/zipped')
  expect(fetched).toEqual({
    name: 'zipped',
    path,
    wasHere: false,
    bytes: text.length,
    sha256: sha256(text),
    verified: true,
  })
  expect(readFileSync(path, 'utf8')).toBe(text)
  expect(readdirSync(join(cache, 'downloads'))).toEqual([])
  expect(await fetchData('zipped', options)).toEqual({ ...fetched, wasHere: true })
  expect(requests).toEqual(['/text.zip'])
  expect(dataFile('zipped', '.', options)).toBe(path)
})

test('what a file needs comes with it; without a checksum, what was seen is kept beside', async () => {
  await fetchData('plain', options)
  expect(requests).toEqual(['/answers', '/plain'])
  expect(await fetchData('answers', options)).toMatchObject({ wasHere: true, verified: false })
  const seen = JSON.parse(readFileSync(join(cache, 'corpora/answers.seen.json'), 'utf8'))
  expect(seen).toMatchObject({ sha256: sha256('a'), verified: false })
})

test('several at once download once', async () => {
  const steps = new Set<string>()
  const calls = Array.from({ length: 4 }, () =>
    fetchData('zipped', { ...options, onProgress: (step) => steps.add(step) }),
  )
  const all = await Promise.all(calls)
  expect(all.filter(({ wasHere }) => !wasHere)).toHaveLength(1)
  expect(requests).toEqual(['/text.zip'])
  expect(steps).toEqual(new Set(['waiting', 'downloading', 'unpacking']))
})

test('a download that was put there by hand is taken, and so is the file itself', async () => {
  mkdirSync(join(cache, 'downloads'))
  writeFileSync(join(cache, 'downloads/gone.zip'), zipOf({ 'folder/text': text }))
  expect((await fetchData('gone', options)).verified).toBe(true)
  mkdirSync(join(cache, 'corpora'), { recursive: true })
  writeFileSync(join(cache, 'corpora/secret'), text)
  expect(await fetchData('secret', options)).toMatchObject({ wasHere: true, verified: true })
  expect(requests).toEqual([])
})

test('what is there under a name and is something else is refused', async () => {
  for (const name of ['secret', 'wrong']) {
    mkdirSync(join(cache, 'corpora'), { recursive: true })
    writeFileSync(join(cache, 'corpora', name), 'something else')
    await expect(fetchData(name, options)).rejects.toThrow(`does not hold ${name}`)
  }
})

test('errors say what to do by hand: which address, which place, which checksum', async () => {
  const refused = (name: string) => expect(fetchData(name, options)).rejects
  await refused('gone').toThrow(
    new RegExp(`it answers 404[^]*get http.*gone.zip, put it at ${cache}/downloads/gone.zip .sha256 \\w{64}`),
  )
  await refused('secret').toThrow(
    `ask its owner; its place is ${cache}/corpora/secret (sha256 ${sha256(text)})`,
  )
  await refused('wrong').toThrow(/with md5 \w{32}, and not 0000/)
  await refused('zipepd').toThrow('did you mean zipped?')
  expect(existsSync(join(cache, 'corpora/wrong'))).toBe(false)
  expect(() => dataFile('zipped', '.', options)).toThrow('millrace data get zipped')
  expect(() => dataFile('zippde', '.', options)).toThrow('did you mean zipped?')
  expect(dataFile(import.meta.filename, '.', options)).toBe(import.meta.filename)
})

test('what a dead process has left of the file goes', async () => {
  mkdirSync(join(cache, 'corpora'))
  writeFileSync(join(cache, 'corpora/zipped.99999999.tmp'), 'half')
  await fetchData('zipped', options)
  expect(readdirSync(join(cache, 'corpora'))).toEqual(['zipped'])
})

test('a zip of which the member is not there, or that is cut off', async () => {
  const zip = zipOf({ a: 'a', b: 'b' })
  const path = join(cache, 'a.zip')
  const read = async (member?: string) => {
    const pieces: Uint8Array[] = []
    for await (const piece of unpacked(path, { member })) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  }
  writeFileSync(path, zip)
  expect(packingOf(path)).toBe('zip')
  expect(await read('b')).toBe('b')
  await expect(read('c')).rejects.toThrow('it has a, b')
  await expect(read()).rejects.toThrow('has 2 files in it')
  writeFileSync(path, zip.subarray(0, 60))
  await expect(read('b')).rejects.toThrow('damaged or cut off')
})

test('the cache is where it is told to be', () => {
  const { MILLRACE_CACHE, XDG_CACHE_HOME } = process.env
  try {
    process.env.XDG_CACHE_HOME = '/xdg'
    delete process.env.MILLRACE_CACHE
    expect(cacheFolder()).toBe('/xdg/millrace')
    process.env.MILLRACE_CACHE = '/mine'
    expect(cacheFolder()).toBe('/mine')
    expect(cacheFolder({ cache: '/given' })).toBe('/given')
  } finally {
    for (const [name, value] of Object.entries({ MILLRACE_CACHE, XDG_CACHE_HOME })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
})

test('the catalogue is whole: names once, checksums in hex, a way to each file', () => {
  const names = catalogue.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const entry of catalogue) {
    for (const sums of [entry.checksums, entry.packed?.checksums, entry.download?.checksums]) {
      for (const [kind, hex] of Object.entries(sums ?? {}))
        expect(hex).toMatch(
          { sha256: /^[0-9a-f]{64}$/, sha1: /^[0-9a-f]{40}$/, md5: /^[0-9a-f]{32}$/ }[kind]!,
        )
    }
    expect([entry.name, Boolean(entry.download || entry.byHand)]).toEqual([entry.name, true])
    expect(new URL(entry.home).protocol).toBe('https:')
    expect(dirname(entry.file)).toMatch(/^(corpora|analogy|similarity|similarity\/en|completion)$/)
    for (const needed of entry.needs ?? []) expect(names).toContain(needed)
  }
})

const { MILLRACE_DATA } = process.env
if (!MILLRACE_DATA) console.log('skipped: no MILLRACE_DATA to hold the catalogue against')
test.skipIf(!MILLRACE_DATA)('what is below MILLRACE_DATA is what the catalogue says', async () => {
  const names = catalogue.filter(({ kind }) => kind !== 'corpus')
  for (const { name } of names) {
    const fetched = await fetchData(name, { cache, tries: 1 })
    expect([name, fetched.verified, fetched.path.startsWith(MILLRACE_DATA!)]).toEqual([name, true, true])
  }
})
