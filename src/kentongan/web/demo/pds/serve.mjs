// A Bluesky personal data server and its identity directory, on loopback only, for tests and the demo network.
//
//   node serve.mjs FOLDER     FOLDER/node_modules holds the packages of package-lock.json
//
// Environment: PDS_PORT and PLC_PORT (0 or unset: any free port), PDS_DATA (folder for its databases; made when absent).
// Prints one line of JSON when it is ready: {"pds": "http://127.0.0.1:N", "plc": "http://127.0.0.1:M"}.
import crypto from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const folder = path.resolve(process.argv[2] ?? '.')
const require = createRequire(path.join(folder, 'package.json'))

// Both servers listen on every interface by themselves: whatever they ask for, they get loopback.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  const [first, ...rest] = args
  if (typeof first === 'number' || typeof first === 'string') {
    return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...rest.filter((r) => typeof r === 'function'))
  }
  if (first && typeof first === 'object' && 'port' in first) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
  }
  return listen.apply(this, args)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

const data = process.env.PDS_DATA || fs.mkdtempSync(path.join(os.tmpdir(), 'kentongan-pds-'))
fs.mkdirSync(path.join(data, 'blobs'), { recursive: true })
const secretFile = path.join(data, 'secrets.json')
if (!fs.existsSync(secretFile)) {
  const hex = () => crypto.randomBytes(32).toString('hex')
  fs.writeFileSync(secretFile, JSON.stringify({ jwt: hex(), admin: hex(), rotation: hex() }), { mode: 0o600 })
}
const secrets = JSON.parse(fs.readFileSync(secretFile, 'utf8'))
const plcPort = Number(process.env.PLC_PORT) || (await freePort())
const pdsPort = Number(process.env.PDS_PORT) || (await freePort())

process.env.LOG_ENABLED ??= 'false'
const plc = require('@did-plc/server')
const plcServer = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await plcServer.start()

const { PDS, envToCfg, envToSecrets } = require('@atproto/pds')
const environment = {
  port: pdsPort,
  hostname: 'localhost',
  devMode: true,
  dataDirectory: data,
  blobstoreDiskLocation: path.join(data, 'blobs'),
  blobstoreDiskTmpLocation: path.join(data, 'blobs-tmp'),
  blobUploadLimit: 5 * 1024 * 1024,
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  rateLimitsEnabled: false,
  adminPassword: secrets.admin,
  jwtSecret: secrets.jwt,
  plcRotationKeyK256PrivateKeyHex: secrets.rotation,
}
const pds = await PDS.create(envToCfg(environment), envToSecrets(environment))
await pds.start()
console.log(JSON.stringify({ pds: `http://127.0.0.1:${pdsPort}`, plc: `http://127.0.0.1:${plcPort}` }))

async function stop() {
  await pds.destroy().catch(() => {})
  await plcServer.destroy().catch(() => {})
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
