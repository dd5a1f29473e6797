# What the README names: make demo, make test. Needs Java 17, Maven, Node.js with npm, Python 3 with venv.
.PHONY: help demo bench test test-engine test-plugin cli emulators maven clean

STANDALONE := standalone.pom.xml
CLI := target/standalone/lambda-node-deploy.jar
EMULATORS := target/emulators/installed
MAVEN_VERSION := 3.9.11
OWN_MAVEN := target/apache-maven-$(MAVEN_VERSION)/bin/mvn

# The plugin's parent POM needs Maven 3.9.6 or later; where the machine's is older, Maven itself brings one.
MVN := $(shell tools/maven-is-new-enough && echo mvn || echo $(OWN_MAVEN))

help:
	@echo "make demo     deploy the examples to an emulated AWS, in under two minutes"
	@echo "make bench    measure packaging and deploying beside what people use (RUNS=1: a quick try)"
	@echo "make test     all tests: the engine's, and the plugin's where Jenkins's artifacts resolve"
	@echo "make cli      build the command line: $(CLI)"
	@echo "make clean    remove what was built"

demo: cli emulators
	@target/emulators/bin/python tools/demo.py

bench: cli emulators
	@RUNS=$(RUNS) target/emulators/bin/python tools/bench.py

cli: $(CLI)

$(CLI): $(STANDALONE) $(shell find src/main/java/io/jenkins/plugins/lambdanode/engine src/cli -type f)
	mvn -q -B -f $(STANDALONE) package -DskipTests

test: test-engine test-plugin

test-engine: emulators
	mvn -B -f $(STANDALONE) verify

test-plugin: emulators maven
	@tools/test-plugin $(MVN)

emulators: $(EMULATORS)

$(EMULATORS): tools/emulators.txt
	python3 -m venv target/emulators
	target/emulators/bin/python -m pip install --quiet --disable-pip-version-check -r tools/emulators.txt
	touch $@

maven: $(if $(filter mvn,$(MVN)),,$(OWN_MAVEN))

$(OWN_MAVEN):
	mvn -q -B -f $(STANDALONE) org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
		-Dartifact=org.apache.maven:apache-maven:$(MAVEN_VERSION):zip:bin -DoutputDirectory=$(CURDIR)/target
	chmod +x $@

clean:
	rm -rf target
