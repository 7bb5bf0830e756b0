import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server as RawServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DownloadOptions, download } from './download.ts'

const content = Buffer.from(Array.from({ length: 50_000 }, (_, i) => 97 + ((i * i) % 26)))
const checksums = { sha256: createHash('sha256').update(content).digest('hex') }

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let server: Server | RawServer | undefined
let folder: string
let path: string
/** The Range and If-Range of each request. */
let asked: (string | undefined)[][]
let retries: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'download-'))
  path = join(folder, 'file')
  asked = []
  retries = []
})

afterEach(() => {
  if (server && 'closeAllConnections' in server) server.closeAllConnections()
  server?.close()
})

/** A server that answers the first request by the first of these, and so on; all further ones by the last. */
async function serve(...answers: Answer[]): Promise<string> {
  server = createServer((request, response) => {
    asked.push([request.headers.range, request.headers['if-range'] as string | undefined])
    ;(answers[asked.length - 1] ?? answers.at(-1)!)(request, response)
  })
  return listen(server)
}

/** A server that says the same bytes to everybody, whatever HTTP thinks of them. */
async function serveRaw(head: string, body: Uint8Array): Promise<string> {
  server = createRawServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\nConnection: close\r\n\r\n`)
      socket.end(body)
    })
  })
  return listen(server)
}

async function listen(server: Server | RawServer): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`
}

/** All of the file, or the part that is asked for, under an ETag. */
function whole(etag: string | null = '"1"', body = content): Answer {
  return ({ headers }, response) => {
    const begun = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
    if (etag) response.setHeader('etag', etag)
    if (begun >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end()
    } else if (begun > 0 && (headers['if-range'] === undefined || headers['if-range'] === etag)) {
      const range = `bytes ${begun}-${body.length - 1}/${body.length}`
      response.writeHead(206, { 'content-range': range, 'content-length': body.length - begun })
      response.end(body.subarray(begun))
    } else response.writeHead(200, { 'content-length': body.length }).end(body)
  }
}

/** The beginning of the file, and then the connection breaks. */
function brokenOff(bytes: number, etag: string | null = '"1"', body = content): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-length': body.length, ...(etag && { etag }) })
    response.write(body.subarray(0, bytes), () => response.destroy())
  }
}

function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_, response) => response.writeHead(code, headers).end('no')
}

function get(url: string, options: DownloadOptions = {}, wanted: object = checksums) {
  const quick = { tries: 3, backoffMs: 1, timeoutMs: 2000, onRetry: (text: string) => retries.push(text) }
  return download([url], path, wanted, { ...quick, ...options })
}

function expectWhole(): void {
  expect(readFileSync(path).equals(content)).toBe(true)
  expect(readdirSync(folder)).toEqual(['file'])
}

test('a file that comes as it should', async () => {
  const url = await serve(whole())
  const seen: [number, number | null][] = []
  const result = await get(url, { onProgress: (bytes, total) => seen.push([bytes, total]) })
  expect(result).toEqual({ url, bytes: content.length, sha256: checksums.sha256, verified: true })
  expect(seen.at(-1)).toEqual([content.length, content.length])
  expectWhole()
})

test('one that breaks off goes on where it was', async () => {
  await get(await serve(brokenOff(20_000), whole()))
  expectWhole()
  expect(asked).toEqual([
    [undefined, undefined],
    ['bytes=20000-', '"1"'],
  ])
  expect(retries).toHaveLength(1)
})

test('the next call goes on behind what the last one got', async () => {
  const url = await serve(brokenOff(20_000), status(503), status(503), whole())
  await expect(get(url)).rejects.toThrow('it answers 503 (Service Unavailable)')
  expect(existsSync(path)).toBe(false)
  await get(url)
  expectWhole()
  expect(asked.at(-1)).toEqual(['bytes=20000-', '"1"'])
})

test('it is not given up while each try brings more', async () => {
  const more =
    (bytes: number): Answer =>
    (_, response) => {
      response.writeHead(206, {
        'content-range': `bytes ${bytes}-49999/50000`,
        'content-length': 50_000 - bytes,
      })
      response.write(content.subarray(bytes, bytes + 5000), () => response.destroy())
    }
  await get(await serve(brokenOff(5000), ...[1, 2, 3, 4, 5, 6].map((i) => more(i * 5000)), whole()))
  expectWhole()
})

test('without anything to vouch for the file, it begins anew', async () => {
  await get(await serve(brokenOff(20_000, null), whole(null)), {}, {})
  expectWhole()
  expect(asked[1]).toEqual([undefined, undefined])
})

test('a server that ignores Range gives all of it again', async () => {
  const all: Answer = (_, response) =>
    response.writeHead(200, { 'content-length': content.length }).end(content)
  await get(await serve(brokenOff(20_000), all))
  expectWhole()
})

test.each([
  ['knows If-Range', '"2"', whole('"2"')],
  [
    'does not',
    '"2"',
    ((request, response) => {
      delete request.headers['if-range']
      whole('"2"')(request, response)
    }) as Answer,
  ],
])('a file that changes between two parts is begun anew, by a server that %s', async (_, __, now) => {
  const old = Buffer.alloc(content.length, 'x')
  await get(await serve(brokenOff(20_000, '"1"', old), now), {}, {})
  expectWhole()
})

test('a file that changes while nobody vouches for it is found out by its checksum', async () => {
  const old = Buffer.alloc(content.length, 'x')
  await get(await serve(brokenOff(20_000, null, old), whole(null)))
  expectWhole()
  expect(retries.at(-1)).toContain('with sha256')
})

test('a part that was not asked for is not taken', async () => {
  const other: Answer = (_, response) => {
    response.writeHead(206, {
      'content-range': 'bytes 30000-49999/50000',
      'content-length': 20_000,
      etag: '"1"',
    })
    response.end(content.subarray(30_000))
  }
  await get(await serve(brokenOff(20_000), other, whole()), {}, {})
  expectWhole()
  expect(asked.map(([range]) => range)).toEqual([undefined, 'bytes=20000-', undefined])
})

test('416 for a part that is all of it, and for one that is too much', async () => {
  const part = (bytes: Buffer, total: number | null) => {
    writeFileSync(`${path}.part`, bytes)
    writeFileSync(`${path}.part.json`, JSON.stringify({ url, etag: '"1"', lastModified: null, total }))
  }
  const url = await serve(whole())
  part(content, content.length)
  await get(url)
  expectWhole()
  part(Buffer.concat([content, content]), null)
  await get(url)
  expectWhole()
  expect(asked.map(([range]) => range)).toEqual(['bytes=50000-', 'bytes=100000-', undefined])
})

test('redirects are followed, to other paths and back', async () => {
  const to = (location: string): Answer => status(302, { location })
  await get(await serve(to('/other'), to('further?x=1'), whole()))
  expectWhole()
})

test('redirects in a loop, or to elsewhere than the web, are an error', async () => {
  const loop = await serve(status(302, { location: '/file' }))
  await expect(get(loop)).rejects.toThrow('it redirects more than 10 times')
  expect(asked).toHaveLength(11)
  server!.close()
  await expect(get(await serve(status(302, { location: 'file:///etc/passwd' })))).rejects.toThrow(
    'redirects to file:',
  )
})

test('a Content-Length that is too short is found out', async () => {
  await expect(get(await serveRaw('Content-Length: 20000', content))).rejects.toThrow(
    /it gave 20000 bytes with sha256 \w+, and not/,
  )
  expect(readdirSync(folder)).toEqual([])
})

test('a Content-Length that is too long does no harm to a file with a checksum', async () => {
  await get(await serveRaw('Content-Length: 60000', content))
  expectWhole()
})

test('nor does it pass without one', async () => {
  await expect(get(await serveRaw('Content-Length: 60000', content), {}, {})).rejects.toThrow(
    'cannot download',
  )
  expect(existsSync(path)).toBe(false)
})

test('a wrong file is not taken, and not asked for again', async () => {
  const url = await serve(whole('"1"', Buffer.from('an error page')))
  await expect(get(url, { mend: 'do it by hand' })).rejects.toThrow(
    /it gave 13 bytes with sha256 [\s\S]*by hand/,
  )
  expect(asked).toHaveLength(1)
  expect(readdirSync(folder)).toEqual([])
})

test('404 is final, 500 is not', async () => {
  await expect(get(await serve(status(404)))).rejects.toThrow('it answers 404 (Not Found)')
  expect(asked).toHaveLength(1)
  server!.close()
  asked = []
  await get(await serve(status(500), status(429), whole()))
  expectWhole()
})

test('a server that hangs is left after a while, before and within the body', async () => {
  const hang: Answer = () => {}
  const half: Answer = (_, response) => {
    response
      .writeHead(200, { 'content-length': content.length, etag: '"1"' })
      .write(content.subarray(0, 9000))
  }
  await get(await serve(hang, half, whole()), { timeoutMs: 60 })
  expectWhole()
  expect(asked[2]).toEqual(['bytes=9000-', '"1"'])
  expect(retries[0]).toContain('nothing came for 0.06 seconds')
})

test('where there is no server, the error says so', async () => {
  const url = await serve(whole())
  await new Promise((done) => server!.close(done))
  await expect(get(url)).rejects.toThrow(/cannot download[\s\S]*ECONNREFUSED/)
})

test('the next address is tried when one fails for good', async () => {
  const url = await serve(status(404), whole())
  const result = await download([`${url}1`, `${url}2`], path, checksums, {})
  expect(result.url).toBe(`${url}2`)
  expectWhole()
})

const other = Buffer.alloc(content.length, 'x')

test.each([
  ['goes on with what the first gave', brokenOff(20_000), whole('"2"'), ['bytes=20000-']],
  [
    'begins anew if the two do not fit, once',
    brokenOff(20_000, '"1"', other),
    whole('"2"'),
    ['bytes=20000-', undefined],
  ],
  [
    'begins anew if it has another length',
    brokenOff(20_000, '"1"', Buffer.concat([content, content])),
    whole('"2"'),
    ['bytes=20000-', undefined],
  ],
  [
    'begins anew if the first did not say how long its file is',
    ((_, response) =>
      response.write(content.subarray(0, 20_000), () => setTimeout(() => response.destroy(), 20))) as Answer,
    whole('"2"'),
    [undefined],
  ],
  [
    'begins anew if it does not say how long its file is',
    brokenOff(20_000),
    ((request, response) => {
      if (request.headers.range === undefined) whole('"2"')(request, response)
      else response.writeHead(206, { 'content-range': 'bytes 20000-49999/*' }).end(content.subarray(20_000))
    }) as Answer,
    ['bytes=20000-', undefined],
  ],
])('another address %s', async (_, first, second, ranges) => {
  const url = await serve(first, status(404), second)
  const result = await download([`${url}1`, `${url}2`], path, checksums, { backoffMs: 1 })
  expect(result.url).toBe(`${url}2`)
  expectWhole()
  // What vouches for the one address's file says nothing of the other's.
  expect(asked.slice(2)).toEqual(ranges.map((range) => [range, undefined]))
})

test('without a checksum another address begins anew', async () => {
  const url = await serve(brokenOff(20_000), status(404), whole())
  await download([`${url}1`, `${url}2`], path, {}, { backoffMs: 1 })
  expectWhole()
  expect(asked[2]).toEqual([undefined, undefined])
})

test('a stop keeps what has come', async () => {
  const stop = new AbortController()
  const half: Answer = (_, response) => {
    response
      .writeHead(200, { 'content-length': content.length, etag: '"1"' })
      .write(content.subarray(0, 9000))
  }
  const url = await serve(half, whole())
  await expect(get(url, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow('aborted')
  await get(url)
  expectWhole()
  expect(asked[1]).toEqual(['bytes=9000-', '"1"'])
})
