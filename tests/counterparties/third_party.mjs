// A third party by oauth4webapi: it asks a person by FAPI 2.0, then tries to have it cheaper, and says what came back.
// One line of JSON on the input sets it up; it answers with lines of JSON.
import * as oauth from 'oauth4webapi'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const line = async () => (await lines.next()).value
const say = (value) => console.log(JSON.stringify(value))

const { url, clientId, jwk, redirectUri } = JSON.parse(await line())
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(url)
const as = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const client = { client_id: clientId }
const proven = oauth.PrivateKeyJwt({ key, kid: jwk.kid })
const keys = await oauth.generateKeyPair('ES256')
const DPoP = oauth.DPoP(client, keys)
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()

const asked = {
  response_type: 'code', redirect_uri: redirectUri, scope: 'read_books', state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}
const push = async (parameters, auth = proven, options = { DPoP }) => oauth.processPushedAuthorizationResponse(
  as, client, await oauth.pushedAuthorizationRequest(as, client, auth, parameters, { ...options, ...insecure }))

// What a server of FAPI 2.0 must not let pass.
const refusals = {}
const refused = async (name, attempt) => {
  try {
    await attempt()
    refusals[name] = 'nothing'
  } catch (error) {
    refusals[name] = error.error ?? error.cause?.error ?? error.code ?? String(error)
  }
}
await refused('plain challenge', () => push({ ...asked, code_challenge: verifier, code_challenge_method: 'plain' }))
await refused('no challenge', () => push({ ...asked, code_challenge: '', code_challenge_method: '' }))
await refused('another redirect', () => push({ ...asked, redirect_uri: 'https://evil.example/' }))
await refused('token in the front', () => push({ ...asked, response_type: 'token' }))
await refused('more scope', () => push({ ...asked, scope: 'move_any' }))
await refused('no proof of the client', () => push(asked, oauth.None()))
await refused('a shared secret', () => push(asked, oauth.ClientSecretPost('secret')))
await refused('a shared secret in a header', () => push(asked, oauth.ClientSecretBasic('secret')))
await refused('an assertion under HS256', () => push(asked, oauth.ClientSecretJwt('secret')))

const pushed = await push(asked)
const authorize = new URL(as.authorization_endpoint)
authorize.search = new URLSearchParams({ client_id: clientId, request_uri: pushed.request_uri }).toString()
say({ authorize: authorize.href, expires_in: pushed.expires_in })

const back = oauth.validateAuthResponse(as, client, new URL(await line()), state)
const redeem = async (options, code = verifier) => oauth.processAuthorizationCodeResponse(
  as, client, await oauth.authorizationCodeGrantRequest(
    as, client, proven, back, redirectUri, code, { ...options, ...insecure }))
await refused('a code without a proof', () => redeem({}))
await refused('a code with another key', async () => redeem(
  { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }))
await refused('a code with another verifier', () => redeem({ DPoP }, oauth.generateRandomCodeVerifier()))
const token = await redeem({ DPoP })

const whoami = new URL('/v1/whoami', issuer)
const ask = (options, method = 'GET', at = whoami) => oauth.protectedResourceRequest(
  token.access_token, method, at, undefined, undefined, { ...options, ...insecure })
const who = await (await ask({ DPoP })).json()
await refused('the token as a bearer', async () => ask({}))
await refused('the token with another key', async () => ask(
  { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }))
await refused('more than the scope', async () => {
  const answer = await ask({ DPoP }, 'GET', new URL('/v1/keys', issuer))
  throw Object.assign(new Error(), { code: String(answer.status) })
})

// The token by the rules of others: RFC 9068 and RFC 9449 as a resource server checks them.
const { Request: Sent } = globalThis
let seen
await oauth.protectedResourceRequest(token.access_token, 'GET', whoami, undefined, undefined, {
  DPoP, ...insecure,
  [oauth.customFetch]: async (to, init) => {
    seen = new Sent(to, { method: init.method, headers: init.headers })
    return new Response('{}')
  },
})
const claims = await oauth.validateJwtAccessToken(as, seen, as.issuer, { requireDPoP: true, ...insecure })

await refused('the code again', () => redeem({ DPoP }))
say({ who, claims, token_type: token.token_type, scope: token.scope, refusals })
process.exit(0)
