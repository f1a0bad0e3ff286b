// A third party by openid-client: PAR, the code flow and DPoP, as its own examples do it, and an answer from elsewhere.
import * as client from 'openid-client'
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const line = async () => (await lines.next()).value
const say = (value) => console.log(JSON.stringify(value))

const { url, clientId, jwk, redirectUri } = JSON.parse(await line())
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['sign'])
const config = await client.discovery(
  new URL(url), clientId, undefined, client.PrivateKeyJwt({ key, kid: jwk.kid }),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] })
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('PS256'))
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()

const authorize = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: redirectUri, scope: 'read_books', state: expectedState,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
}, { DPoP })
say({ authorize: authorize.href })

const back = new URL(await line())
const mixed = new URL(back)
mixed.searchParams.set('iss', 'https://evil.example')
let mixUp = 'nothing'
try {
  await client.authorizationCodeGrant(config, mixed, { pkceCodeVerifier, expectedState }, undefined, { DPoP })
} catch (error) {
  mixUp = error.code
}
const token = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState }, undefined, { DPoP })
const answer = await client.fetchProtectedResource(
  config, token.access_token, new URL('/v1/whoami', url), 'GET', undefined, undefined, { DPoP })
say({ who: await answer.json(), scope: token.scope, mixUp })
process.exit(0)
