# What the README names: make demo, make test, make bench, make jenkins. Needs Java 17, Maven, Node.js with npm, Python 3 with venv.
.PHONY: help demo bench jenkins test test-engine test-plugin overhead soak fuzz cli emulators maven clean

STANDALONE := standalone/pom.xml
CLI := target/standalone/lambda-node-deploy
EMULATORS := target/emulators/installed
MAVEN_VERSION := 3.9.11
OWN_MAVEN := target/apache-maven-$(MAVEN_VERSION)/bin/mvn

# The plugin's parent POM needs Maven 3.9.6 or later; where the machine's is older, Maven itself brings one.
MVN := $(shell tools/maven-is-new-enough && echo mvn || echo $(OWN_MAVEN))

help:
	@echo "make demo     deploy the examples to an emulated AWS, in under two minutes"
	@echo "make bench    measure packaging and deploying beside what people use (RUNS=1: a quick try)"
	@echo "make test     all tests: the engine's, and the plugin's where Jenkins's artifacts resolve"
	@echo "make jenkins  start a Jenkins on this machine with the plugin, an agent, an emulated AWS and three jobs"
	@echo "make overhead  test how long the step itself takes on a fresh agent, near and far: on a machine with nothing else to do"
	@echo "make soak     500 deployments with one call in ten failing at random, in some ten minutes"
	@echo "make fuzz     readers of files, answers and settings with a hundred times as many inputs as make test"
	@echo "make cli      build the command line: $(CLI)"
	@echo "make clean    remove what was built"

demo: cli emulators
	@target/emulators/bin/python tools/demo.py

bench: cli emulators
	@RUNS=$(RUNS) target/emulators/bin/python tools/bench.py

cli: $(CLI)

$(CLI): $(STANDALONE) $(shell find src/main/java/io/jenkins/plugins/lambdanode/engine src/cli -type f)
	mvn -q -B -f $(STANDALONE) package -DskipTests
	cp src/cli/bin/lambda-node-deploy $@
	@rm -f $@.jsa; JAVA_OPTS=-XX:ArchiveClassesAtExit=$@.jsa $@ package --dir examples/xray --install none --output target/standalone/hello.zip 2>/dev/null \
		|| echo "No class archive ($@.jsa): the command line starts a little slower."

JENKINS_VERSION := $(shell sed -n 's/.*<jenkins.baseline>\(.*\)<.*/\1/p; s/.*<jenkins.version>$${jenkins.baseline}\(.*\)<.*/\1/p' pom.xml | tr -d '\n')
JENKINS_WAR := target/jenkins/jenkins-war-$(JENKINS_VERSION).war
PLUGIN := target/lambda-node-deploy.hpi

# make jenkins CHECK=--check runs the three jobs, compares what they recorded with what the functions have, and ends.
jenkins: emulators $(PLUGIN) $(JENKINS_WAR)
	@target/emulators/bin/python tools/jenkins $(JENKINS_WAR) $(CHECK)

# Jenkins's artifacts come from the local Maven repository where they are there, otherwise from Jenkins's own.
$(PLUGIN): pom.xml $(shell find src/main -type f) | maven
	$(MVN) -o -B -q package -DskipTests || $(MVN) -B -q package -DskipTests

$(JENKINS_WAR): pom.xml | maven
	$(MVN) -o -B -q dependency:copy -Dartifact=org.jenkins-ci.main:jenkins-war:$(JENKINS_VERSION):war -DoutputDirectory=target/jenkins \
		|| $(MVN) -B -q dependency:copy -Dartifact=org.jenkins-ci.main:jenkins-war:$(JENKINS_VERSION):war -DoutputDirectory=target/jenkins
	touch $@

# Side by side, since both wait a lot: the engine's output first, then the plugin's.
test: emulators maven
	@$(MAKE) --no-print-directory test-plugin >target/test-plugin.log 2>&1 & plugin=$$!; \
		$(MAKE) --no-print-directory test-engine; engine=$$?; \
		wait $$plugin; plugin=$$?; cat target/test-plugin.log; \
		[ $$engine = 0 ] && [ $$plugin = 0 ]
	@unshare -rm true 2>/dev/null || echo "NOT RUN HERE: FullDiskTest and HostilePlacesTest.npmIsRunEachTimeOnAFileSystemThatIsNotKnownToBeLocal," \
		"since this system lets no user mount a file system (unshare -rm)."
	@docker info >/dev/null 2>&1 || echo "NOT RUN HERE: the Docker half of ContainersTest and the Pipelines of docs/containers.md," \
		"since there is no Docker engine. tools/docker-engine make test brings one from Debian's packages."

test-engine: emulators
	mvn -B -f $(STANDALONE) verify

test-plugin: emulators maven
	@tools/test-plugin $(MVN)

overhead: emulators maven
	@tools/test-plugin $(MVN) -Dexcluded.groups= -Dgroups=overhead -Dsurefire.failIfNoSpecifiedTests=false

# SOAK="-Dsoak.deployments=100 -Dsoak.seed=1" for another number, or for the same faults again.
soak: emulators
	rm -rf target/soak-tmp && mkdir -p target/soak-tmp
	mvn -B -f $(STANDALONE) test -Dexcluded.groups= -Dgroups=soak -DargLine="-Djava.io.tmpdir=$(CURDIR)/target/soak-tmp $(SOAK)"

# TRIES of each property. What it finds goes into src/test/resources/fuzz.
TRIES := 30000
fuzz:
	mvn -B -f $(STANDALONE) test -Dtest='*FuzzTest' -Dtries=$(TRIES)

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
