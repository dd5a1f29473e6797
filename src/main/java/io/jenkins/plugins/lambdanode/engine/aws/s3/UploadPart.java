package io.jenkins.plugins.lambdanode.engine.aws.s3;

import io.jenkins.plugins.lambdanode.engine.http.Body;

/**
 * What one request sends.
 *
 * @param number the part's number, from 1
 * @param sha256 the body's SHA-256 in base64
 */
record UploadPart(int number, Body body, String sha256) {}
