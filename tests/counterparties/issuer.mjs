// The certified oidc-provider as somebody's issuer, on loopback. It prints its address; its argument is what it signs with.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

const [algorithm] = process.argv.slice(2)
const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
const key = { ...(await exportJWK(privateKey)), kid: 'first', alg: algorithm, use: 'sig' }
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const native = {
  application_type: 'native',
  grant_types: ['authorization_code'],
  id_token_signed_response_alg: algorithm,
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}
const provider = new Provider(issuer, {
  acrValues: ['urn:mfa'],
  claims: { acr: null, auth_time: null, iss: null, openid: ['sub'], sid: null },
  clients: [
    { client_id: 'tallystick-of-bakery', ...native },
    { client_id: 'their-app', ...native },
  ],
  cookies: { keys: ['only for a test'] },
  enabledJWA: { idTokenSigningAlgValues: [algorithm], clientAuthSigningAlgValues: [algorithm] },
  features: {
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        accessTokenFormat: 'jwt', accessTokenTTL: 300, audience: resource, jwt: { sign: { alg: algorithm } }, scope: 'api',
      }),
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: { keys: [key] },
  pkce: { required: () => true },
})
server.on('request', provider.callback())
console.log(JSON.stringify({ issuer }))
for await (const _ of createInterface({ input: process.stdin })) break
