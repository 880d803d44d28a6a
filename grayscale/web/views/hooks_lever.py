from flask import Blueprint

bp = Blueprint("hooks_lever", __name__)
