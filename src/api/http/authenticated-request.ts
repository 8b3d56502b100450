/** Who sends a request. */
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../../auth/authenticator.js';

/**
 * Finds out who sends a request, and remembers it for the log; counts the request of the token.
 * @throws AppError UNAUTHENTICATED, RATE_LIMITED, IDENTITY_UNAVAILABLE
 */
export async function authenticateRequest(request: FastifyRequest, authenticator: Authenticator): Promise<void> {
  const login = { authenticator, authorization: request.headers.authorization, address: request.scope.address };
  request.scope.viewer = await request.server.rateLimits.admit(login, (allowance) => {
    request.allowance = allowance;
  });
}
