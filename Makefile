# Orders the scripts; does nothing itself. `make` alone says what there is.
# The npm packages bring the project's Node, so it comes first in the path.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help setup run test check fuzz soak chaos integration images up down stack unstack docs format clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: ## Install what is missing: npm packages, Docker Engine (root on Debian/Ubuntu), sandbox image
	@scripts/setup.sh

run: setup ## Start the service in the foreground
	@NODE_COMPILE_CACHE=build/compile-cache exec node src/orchestrator/main.ts

test: setup ## Run everything: unit, integration and security tests, types, lint
	@vitest run --reporter=default --reporter=json --outputFile.json=build/tests.json
	@npm run --silent typecheck
	@npm run --silent lint

check: ## Types, lint and unit tests: fast, needs no engine
	@npm run --silent check

fuzz: ## Random programs against the language for FUZZ_SECONDS (60), from FUZZ_SEED on
	@npm run --silent fuzz

soak: setup ## SOAK_EXECUTIONS (200000) and SOAK_CREATES (5000) on one service: does anything leak?
	@npm run --silent soak

chaos: setup ## Kills at random until stopped, CHAOS_KILLS (200) a run, from CHAOS_SEED on: is anything lost?
	@npm run --silent chaos

integration: setup ## Tests on real containers only
	@npm run --silent test:integration

images: ## Rebuild the sandbox image if its parts have changed
	@node scripts/build-image.ts

up: setup ## Start the service in the background
	@scripts/service.sh up

down: ## Stop the background service and remove the containers of its sessions
	@scripts/service.sh down

stack: setup ## Start the service, Prometheus and Grafana in containers (Docker Compose)
	@scripts/stack.sh up

unstack: ## Stop them and remove the containers of its sessions
	@scripts/stack.sh down

docs: ## Regenerate docs/reference and the dashboards
	@npm run --silent docs
	@npm run --silent dashboards

format: ## Format the sources
	@npm run --silent format

clean: down ## Remove what was built; data/ stays
	@rm -rf build
