package io.jenkins.plugins.lambdanode.engine.request;

import java.util.Optional;

/**
 * A test of a function before its callers get it: it is invoked, and has to respond.
 *
 * @param payload what it is invoked with, JSON
 * @param expect what its response must contain, JSON: of an object at least these fields; empty where any response will do
 */
public record SmokeTest(String payload, Optional<String> expect) {}
